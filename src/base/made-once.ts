// What is made once for an owner, and goes with it.

/** The same value for the same owner and name; nothing is kept of an owner that is gone. */
export function madeOnce<Owner extends object, Value>(make: (owner: Owner, name: string) => Value): (owner: Owner, name: string) => Value {
  const made = new WeakMap<Owner, Map<string, Value>>();
  return (owner, name) => {
    let ofOwner = made.get(owner);
    if (ofOwner === undefined) made.set(owner, ofOwner = new Map<string, Value>());
    let value = ofOwner.get(name);
    if (value === undefined) ofOwner.set(name, value = make(owner, name));
    return value;
  };
}
