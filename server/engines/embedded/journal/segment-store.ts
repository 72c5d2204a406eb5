import path from 'node:path';
import { writeAll, type Disk } from '../disk.ts';
import { replaySegment, type OnRecord } from './replay.ts';
import { headFault, Segment, SEGMENT_HEAD_BYTES, segmentHead, segmentName, segmentNumber } from './segment.ts';

/** Makes an empty segment that survives a power cut. After an error it is gone again. */
export async function createSegment(disk: Disk, directory: string, number: number): Promise<Segment> {
  const file = path.join(directory, segmentName(number));
  const opened = await disk.open(file, 'create');
  try {
    await writeAll(opened, segmentHead(number), 0);
    await opened.flush();
    await disk.flushDirectory(directory);
  } catch (error) {
    await opened.close();
    await disk.remove(file);
    throw error;
  }
  return new Segment(number, opened, SEGMENT_HEAD_BYTES);
}

/**
 * Makes an empty segment out of another file, and so takes over its room on a disk that has no other. What the file
 * held stays behind the records until they reach it; no record may be among it.
 */
export async function adoptSegment(disk: Disk, directory: string, number: number, name: string): Promise<Segment> {
  const file = await disk.open(name, 'open');
  try {
    // Before it has the name of a segment: a crash in between leaves no segment without a head.
    await writeAll(file, segmentHead(number), 0);
    await file.flush();
    await disk.rename(name, path.join(directory, segmentName(number)));
    await disk.flushDirectory(directory);
  } catch (error) {
    await file.close();
    throw error;
  }
  const segment = new Segment(number, file, SEGMENT_HEAD_BYTES);
  segment.hasSlack = true;
  return segment;
}

/**
 * Opens the segments of a directory in their order and reads all records. A torn record at the very end comes from a
 * crash, was never confirmed to anyone, and is cut off. Anything else that is wrong rejects with a sentence for the
 * operator, because going on would lose what was confirmed.
 */
export async function openSegments(
  disk: Disk,
  directory: string,
  onRecord: (segment: Segment, ...record: Parameters<OnRecord>) => void,
): Promise<Segment[]> {
  const numbers = (await disk.list(directory)).map(segmentNumber).filter((number) => number !== undefined);
  numbers.sort((left, right) => left - right);
  const segments: Segment[] = [];
  try {
    for (const number of numbers) {
      const isLast = number === numbers.at(-1);
      const previous = segments.at(-1);
      if (previous && number !== previous.number + 1) {
        throw new Error(`${path.join(directory, segmentName(previous.number + 1))} is missing. ${RESTORE}`);
      }
      const segment = await openSegment(disk, directory, number, isLast);
      if (segment === undefined) continue;
      segments.push(segment);
      await replay(path.join(directory, segmentName(number)), segment, isLast, (...record) =>
        onRecord(segment, ...record),
      );
    }
    if (segments.length === 0) segments.push(await createSegment(disk, directory, numbers.at(-1) ?? 1));
  } catch (error) {
    for (const segment of segments) await segment.file.close();
    throw error;
  }
  return segments;
}

/** Undefined if the file never came to be a segment: a crash while it was made. */
async function openSegment(
  disk: Disk,
  directory: string,
  number: number,
  isLast: boolean,
): Promise<Segment | undefined> {
  const name = path.join(directory, segmentName(number));
  const file = await disk.open(name, 'open');
  const head = Buffer.alloc(SEGMENT_HEAD_BYTES);
  const have = await file.read(head, head.length, 0);
  const fault = headFault(head.subarray(0, have), number);
  if (fault === undefined) return new Segment(number, file, SEGMENT_HEAD_BYTES);
  const isUnborn = isLast && (await file.size()) <= SEGMENT_HEAD_BYTES;
  await file.close();
  if (!isUnborn) throw new Error(`${name}: ${fault}. ${RESTORE}`);
  await disk.remove(name);
  return undefined;
}

async function replay(name: string, segment: Segment, isLast: boolean, onRecord: OnRecord): Promise<void> {
  const { end, size, isDamaged } = await replaySegment(segment.file, onRecord);
  if (end < size) {
    if (!isLast) throw new Error(`${name} is damaged at octet ${end}, and later segments follow. ${RESTORE}`);
    if (isDamaged) throw new Error(`${name} is damaged at octet ${end}, and whole records follow. ${RESTORE}`);
    await segment.file.truncate(end);
  }
  // After a crash of the process alone, the last record may be read back without ever having been flushed.
  if (isLast) await segment.file.flush();
  segment.size = end;
}

const RESTORE = 'Restore the directory from a backup, or move it away to start empty.';
