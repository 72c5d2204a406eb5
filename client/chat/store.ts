/** Holds one value of state, moves it by a pure reducer, and tells its watchers after each real change. */
export interface Store<State, Event> {
  readonly state: State;
  dispatch(event: Event): void;
  /** Runs `watcher` now and after every change. */
  watch(watcher: (state: State) => void): void;
}

export function createStore<State, Event>(reduce: (state: State, event: Event) => State, first: State): Store<State, Event> {
  let state = first;
  const watchers: Array<(state: State) => void> = [];
  return {
    get state() {
      return state;
    },
    dispatch(event) {
      const next = reduce(state, event);
      if (next === state) return;
      state = next;
      for (const watcher of watchers) watcher(state);
    },
    watch(watcher) {
      watchers.push(watcher);
      watcher(state);
    },
  };
}
