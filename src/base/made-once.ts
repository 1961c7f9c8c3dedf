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

/** The same of a member of an owner, by the two together: nothing is kept once either is gone. */
export function madeOnceOfMember<Owner extends object, Member extends object, Value>(make: (owner: Owner, member: Member) => Value): (owner: Owner, member: Member) => Value {
  const made = new WeakMap<Owner, WeakMap<Member, Value>>();
  return (owner, member) => {
    let ofOwner = made.get(owner);
    if (ofOwner === undefined) made.set(owner, ofOwner = new WeakMap<Member, Value>());
    let value = ofOwner.get(member);
    if (value === undefined) ofOwner.set(member, value = make(owner, member));
    return value;
  };
}
