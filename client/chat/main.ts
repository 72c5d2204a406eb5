import { randomId } from './random-id.ts';
import { suggestName } from './author.ts';
import { Conversation } from './conversation.ts';
import { Link, type LinkState, type Login } from './link.ts';
import { preferencesIn } from './preferences.ts';
import { firstRooms, roomInHash, saveRooms } from './room-memory.ts';
import { createRooms, reduceRooms } from './rooms.ts';
import { createStore } from './store.ts';
import { ChatPane } from './view/chat-pane.ts';
import { ConnectionView } from './view/connection-view.ts';
import { byId } from './view/element.ts';
import { LoginDialog } from './view/login-dialog.ts';
import { NameDialog } from './view/name-dialog.ts';
import { Panes } from './view/panes.ts';
import { RoomList } from './view/room-list.ts';
import { startShortcuts } from './view/shortcuts.ts';
import { startThemeButton } from './view/theme-button.ts';
import { WorkPane } from './view/work-pane.ts';
import { NO_WORK, reduceWork } from './work.ts';
import { Workshop } from './workshop.ts';

/** What all pages of one browser share, what this page keeps there, and what belongs to this tab alone. */
const shared = preferencesIn(() => localStorage, 'stompede.');
const kept = preferencesIn(() => localStorage, 'stompede.chat.');
const tab = preferencesIn(() => sessionStorage, 'stompede.chat.');

const authorId = tab.read('author') || randomId();
tab.write('author', authorId);
const rememberedName = tab.read('name') || kept.read('name') || suggestName(Math.random);

const rooms = createStore(reduceRooms, createRooms({ id: authorId, name: rememberedName }));
const work = createStore(reduceWork, NO_WORK);

const link = new Link({
  openSocket: (protocols) => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`, protocols),
  onState: (state) => onLink(state),
});
const conversation = new Conversation(link, rooms, randomId);
const workshop = new Workshop(link, work, randomId);

/** Why the broker let nobody in; '' while it does. */
let refusal = '';

const panes = new Panes(() => watch());
const connectionView = new ConnectionView(link, () => loginDialog.open(refusal));
const loginDialog = new LoginDialog((login?: Login) => link.connect(login));
const nameDialog = new NameDialog((name) => {
  tab.write('name', name);
  kept.write('name', name);
  rooms.dispatch({ kind: 'named', name });
  toMessage();
  askForLogin();
});
const chatPane = new ChatPane({
  say: (text) => conversation.say(rooms.state.active, text),
  sayAgain: (room, id) => conversation.sayAgain(room, id),
  knock: (room) => conversation.knock(room),
  leave: (room) => {
    conversation.leave(room);
    roomList.focus(rooms.state.active);
  },
});
const roomList = new RoomList({ choose: enter, join: enter });
const workPane = new WorkPane({
  post: (title) => workshop.post(title),
  postAgain: (id) => workshop.postAgain(id),
  setWorker: (isOn) => (isOn ? workshop.switchOn() : workshop.switchOff()),
  setManner: (worksAlone) => workshop.setManner(worksAlone),
  // It settles by changing the state, whatever happens.
  settle: (key, verdict) => void workshop.settle(key, verdict),
});

function onLink(state: LinkState): void {
  connectionView.show(state);
  if (state.name === 'connected') {
    conversation.connected();
    workshop.connected();
  } else {
    conversation.lost();
    workshop.lost();
  }
  refusal = state.name === 'refused' ? state.reason : '';
  askForLogin();
}

/** One question at a time: the name comes first. */
function askForLogin(): void {
  if (refusal !== '' && !nameDialog.isOpen) loginDialog.open(refusal);
}

/** Joins a room if need be, and shows it. */
function enter(room: string): void {
  conversation.join(room);
  rooms.dispatch({ kind: 'selected', room });
  panes.show('chat');
  // On a touch screen the focus would cover half the page with a keyboard nobody asked for.
  if (!matchMedia('(pointer: coarse)').matches) toMessage();
}

function toMessage(): void {
  panes.show('chat');
  chatPane.focusMessage();
}

function stepRoom(step: -1 | 1): void {
  const { rooms: all, active } = rooms.state;
  const room = all[all.findIndex((known) => known.name === active) + step];
  if (room) enter(room.name);
}

function watch(): void {
  rooms.dispatch({ kind: 'watched', isWatched: document.visibilityState === 'visible' && panes.isChatSeen });
}

function followHash(): void {
  const room = roomInHash(location.hash);
  if (room !== '' && room !== rooms.state.active) enter(room);
}

startThemeButton(shared);
startShortcuts(
  {
    stepRoom,
    toMessage,
    toRooms: () => {
      panes.show('rooms');
      roomList.focus(rooms.state.active);
    },
    toWork: () => {
      panes.show('work');
      workPane.focus();
    },
  },
  kept,
);

for (const room of firstRooms(kept)) conversation.join(room);
rooms.dispatch({ kind: 'selected', room: rooms.state.rooms[0]?.name ?? '' });
const askedFor = roomInHash(location.hash);
if (askedFor !== '') {
  conversation.join(askedFor);
  rooms.dispatch({ kind: 'selected', room: askedFor });
}
rooms.watch((state) => {
  roomList.show(state);
  chatPane.show(state);
  saveRooms(kept, state);
});
work.watch((state) => workPane.show(state));

addEventListener('hashchange', followHash);
addEventListener('online', () => link.retryNow());
addEventListener('resize', watch);
document.addEventListener('visibilitychange', () => {
  watch();
  if (document.visibilityState === 'visible') link.retryNow();
});
byId('rename-button', HTMLButtonElement).addEventListener('click', () => nameDialog.open(rooms.state.self.name, false));

link.connect();
if (tab.read('name') === '') nameDialog.open(rememberedName, true);
