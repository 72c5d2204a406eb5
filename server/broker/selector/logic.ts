import type { Condition, Truth } from './values.ts';

/** False if any is false, else unknown if any is unknown. */
export function allOf(conditions: readonly Condition[]): Condition {
  return (message) => {
    let truth: Truth = true;
    for (const condition of conditions) {
      const next = condition(message);
      if (next === false) return false;
      if (next === undefined) truth = undefined;
    }
    return truth;
  };
}

/** True if any is true, else unknown if any is unknown. */
export function anyOf(conditions: readonly Condition[]): Condition {
  return (message) => {
    let truth: Truth = false;
    for (const condition of conditions) {
      const next = condition(message);
      if (next === true) return true;
      if (next === undefined) truth = undefined;
    }
    return truth;
  };
}

/** What is unknown stays so. */
export function not(condition: Condition): Condition {
  return (message) => {
    const truth = condition(message);
    return truth === undefined ? undefined : !truth;
  };
}
