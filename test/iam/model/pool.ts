// What clients have heard of: ids of things that are there, that were there, and that never were.
import { chosen, type Kind, type Prepared } from './operation.js';
import type { ApiAnswer } from './client.js';

export const absentId = 'f'.repeat(32);

const places: Readonly<Record<Kind, readonly [string, string]>> = {
  user: ['user', 'user_id'], group: ['group', 'group_id'], policy: ['policy', 'policy_id'], agency: ['agency', 'agency_id'], key: ['access_key', 'access_key_id'],
};

/** Of what an answer says that it made; empty when it made nothing. */
export function idIn({ makes }: Prepared, { body }: ApiAnswer): string {
  if (makes === undefined) return '';
  const [entity, member] = places[makes];
  const inner: unknown = body[entity];
  const id: unknown = typeof inner === 'object' && inner !== null ? Object.entries(inner).find(([name]) => name === member)?.[1] : undefined;
  return typeof id === 'string' ? id : '';
}

export class Pool {
  readonly rootUserId: string;
  readonly #alive: Readonly<Record<Kind, string[]>>;
  readonly #dead: Record<Kind, string>;

  /** @param systemPolicyIds they can be attached, but not changed */
  constructor(rootUserId: string, systemPolicyIds: readonly string[]) {
    this.rootUserId = rootUserId;
    this.#alive = { user: [rootUserId], group: [], policy: [...systemPolicyIds], agency: [], key: [] };
    this.#dead = { user: absentId, group: absentId, policy: absentId, agency: absentId, key: `${rootUserId}/HPUAABSENT` };
  }

  /** Mostly something that is there, else what was the last to go. */
  pick(kind: Kind, die: number): string {
    return chosen([...this.#alive[kind], this.#dead[kind]], die);
  }

  learn(prepared: Prepared, answer: ApiAnswer): void {
    if (answer.status >= 300) return;
    const { makes, removes } = prepared;
    const id = idIn(prepared, answer);
    if (makes === 'key') this.#alive.key.push(`${prepared.call.path.split('/')[3] ?? ''}/${id}`);
    else if (makes !== undefined) this.#alive[makes].push(id);
    if (removes === undefined) return;
    this.#forget(removes.kind, removes.id);
    if (removes.kind === 'user') for (const key of this.#alive.key.filter((one) => one.startsWith(`${removes.id}/`))) this.#forget('key', key);
  }

  #forget(kind: Kind, id: string): void {
    const at = this.#alive[kind].indexOf(id);
    if (at >= 0) this.#alive[kind].splice(at, 1);
    this.#dead[kind] = id;
  }
}
