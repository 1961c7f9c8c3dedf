// What is made once for an owner, and goes with it.

/** The same value for the same owner and name; nothing is kept of an owner that is gone. */
export function madeOnce<Owner extends object, Value>(make: (owner: Owner, name: string) => Value): (owner: Owner, name: string) => Value {
  const made = new WeakMap<Owner, Map<string, Value>>();
  return (owner, name) => {
    const ofOwner = made.get(owner) ?? new Map<string, Value>();
    made.set(owner, ofOwner);
    const value = ofOwner.get(name) ?? make(owner, name);
    ofOwner.set(name, value);
    return value;
  };
}
