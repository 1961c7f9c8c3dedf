// Cells: which part of the key space an account lives in, and the names of all keys.
import { createHash } from 'node:crypto';
import { placeOfStatusList } from '../status/index.js';
import { cellOfMarkedId } from '../urn/ids.js';

/** The first 32 bits of SHA-256(account id), modulo the number of cells. */
function cellOf(text: string, cells: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE() % cells;
}

const tag = (cell: number): string => `{c${String(cell).padStart(2, '0')}}`;

/** Every key of a cell carries the cell's hash tag, so that one script may touch them all, on a cluster as well. */
export interface KeyNames {
  readonly cells: number;
  cellOfAccount(accountId: string): number;
  /** Hash: `rev` and the epochs of the account. Read strictly on each request, so it is small. */
  accountState(accountId: string): string;
  /** Hash: the account's entities. */
  accountEntities(accountId: string): string;
  /** List: which fields the last revisions changed, newest first. */
  accountChanges(accountId: string): string;
  /** Hash: the last TOTP step used per MFA device. */
  mfaSteps(accountId: string): string;
  /** Hash: when each permanent access key was last used. */
  keyUses(accountId: string): string;
  /** String: the account that claims a permanent access key id; in the cell of the key's own hash. */
  accessKeyHint(accessKeyId: string): string;
  /** Of a session, or of a user's token. */
  cellOfSession(id: string): number;
  session(sessionId: string): string;
  /** String: when and from where a session was last used. */
  sessionUse(sessionId: string): string;
  /** String: how many sessions were assumed with a session; `<key>:<page>` are the pages of their index. */
  sessionChildren(sessionId: string): string;
  /** Revocation mark of a session, or of a user's token. */
  mark(id: string): string;
  /** String: how many sessions the account's index has seen; `<key>:<page>` are its pages. */
  sessionIndex(accountId: string): string;
  /** Hash: the cell's incarnation, the number of its newest event, and how far its events are sealed. */
  cellState(cell: number): string;
  /** String: a token of the process that recovers the cell. */
  recoveryLock(cell: number): string;
  /** Stream: audit events of the cell. */
  audit(cell: number): string;
  /** String: who seals the cell's events now. */
  sealer(cell: number): string;
  /** String: there while the cell's log on disk was looked at a moment ago. */
  sealerChecked(cell: number): string;
  /** String: why the cell's events cannot be sealed at the moment. */
  sealerFault(cell: number): string;
  /** String: the next free place in the cell's status lists. */
  statusIndex(cell: number): string;
  /** Bitmap: the places of a status list whose sessions were revoked; absent when there are none. */
  statusBits(list: string): string;
  /** Hash: the epochs that were raised and the boundaries that were set while something could live that they end. */
  ended(accountId: string): string;
  signatureInput(accountId: string, digest: string): string;
  /** The hash tag of a cell. */
  tag(cell: number): string;
  /** Hash: parts of commits that wait for their last part, by request id. @param tag of the cell */
  pending(tag: string): string;
  /** String: whether a commit in several parts came to its end. @param tag of the cell of its last part */
  outcome(tag: string, requestId: string): string;
}

const rememberedAccounts = 20_000;

/** Of an account: what each call of it asks for. */
interface AccountKeys {
  readonly cell: number;
  readonly state: string;
  readonly sessions: string;
}

export function keyNames(cells: number): KeyNames {
  const tags = Array.from({ length: cells }, (_, cell) => tag(cell));
  // Asked for ten times in a call, and a hash costs as much as one authentication code.
  const known = new Map<string, AccountKeys>();
  const keysOf = (accountId: string): AccountKeys => {
    const remembered = known.get(accountId);
    if (remembered !== undefined) return remembered;
    const cell = cellOf(accountId, cells);
    const keys = { cell, state: `${tags[cell] ?? ''}:state:${accountId}`, sessions: `${tags[cell] ?? ''}:sessions:${accountId}` };
    // All anew now and then is cheaper than keeping an order at each look.
    if (known.size >= rememberedAccounts) known.clear();
    known.set(accountId, keys);
    return keys;
  };
  const cellOfAccount = (accountId: string): number => keysOf(accountId).cell;
  const ofAccount = (accountId: string, kind: string): string => `${tags[cellOfAccount(accountId)] ?? ''}:${kind}:${accountId}`;
  const cellStates = tags.map((each) => `${each}:cell`);
  const audits = tags.map((each) => `${each}:audit`);
  let lastSession: { readonly id: string; readonly cell: number } | undefined;
  const cellOfSession = (sessionId: string): number => {
    // A call asks for its caller's six times.
    if (sessionId === lastSession?.id) return lastSession.cell;
    const cell = cellOfMarkedId(sessionId);
    if (cell === undefined) throw new Error(`\`${sessionId}\` is no id of a session or a token`);
    lastSession = { id: sessionId, cell };
    return cell;
  };
  const ofSession = (sessionId: string, kind: string): string => `${tags[cellOfSession(sessionId)] ?? tag(cellOfSession(sessionId))}:${kind}:${sessionId}`;
  return {
    cells,
    cellOfAccount,
    accountState: (accountId) => keysOf(accountId).state,
    accountEntities: (accountId) => ofAccount(accountId, 'entities'),
    accountChanges: (accountId) => ofAccount(accountId, 'changes'),
    mfaSteps: (accountId) => ofAccount(accountId, 'mfa-steps'),
    keyUses: (accountId) => ofAccount(accountId, 'key-uses'),
    accessKeyHint: (accessKeyId) => `${tag(cellOf(accessKeyId, cells))}:ak:${accessKeyId}`,
    cellOfSession,
    session: (sessionId) => ofSession(sessionId, 'session'),
    sessionUse: (sessionId) => ofSession(sessionId, 'session-use'),
    sessionChildren: (sessionId) => ofSession(sessionId, 'children'),
    mark: (sessionId) => ofSession(sessionId, 'mark'),
    sessionIndex: (accountId) => keysOf(accountId).sessions,
    cellState: (cell) => cellStates[cell] ?? `${tag(cell)}:cell`,
    recoveryLock: (cell) => `${tag(cell)}:recovery`,
    audit: (cell) => audits[cell] ?? `${tag(cell)}:audit`,
    sealer: (cell) => `${tag(cell)}:sealer`,
    sealerChecked: (cell) => `${tag(cell)}:sealer-checked`,
    sealerFault: (cell) => `${tag(cell)}:sealer-fault`,
    statusIndex: (cell) => `${tag(cell)}:status-index`,
    statusBits: (list) => `${tag(placeOfStatusList(list).cell)}:status-bits:${list}`,
    ended: (accountId) => ofAccount(accountId, 'ended'),
    tag,
    pending: (cell) => `${cell}:pending`,
    outcome: (cell, requestId) => `${cell}:outcome:${requestId}`,
    signatureInput: (accountId, digest) => `${ofAccount(accountId, 'signed')}:${digest}`,
  };
}

export const installKey = 'agency-sts:install';
/** Which log folder the events of this installation are sealed in. */
export const auditLogKey = 'agency-sts:audit-log';
/** Which key signs them, as far as the audit tells. */
export const auditSignerKey = 'agency-sts:audit-signer';
/** String: there while a process tells the audit of another key. */
export const auditSignerChangeKey = 'agency-sts:audit-signer-change';
/** What becomes of the keys: which are published, active, retiring, retired. */
export const keyStatesKey = 'agency-sts:key-states';
/** Hash: which keys each process has. */
export const keyHoldersKey = '{agency-sts:key-states}:holders';
/** String: there while a process makes a new key by schedule; followed by the purpose. */
export const keyRotationKey = 'agency-sts:key-rotation';
/** Set of account ids: of every account that exists, and of such as were never finished. */
export const accountsKey = 'agency-sts:accounts';
/** Set of account ids: of every account of this name, and of such as have it no more. */
export const accountsNamedKey = (name: string): string => `agency-sts:accounts-named:${name}`;
/** Bounded stream of calls that no account can be charged with. */
export const unidentifiedCallsKey = 'agency-sts:unidentified-calls';
/** Hash: what each process tells of its clock and of what it runs with. */
export const processesKey = 'agency-sts:processes';
/** String: the latest time that Redis told, in milliseconds since the epoch; its clock must not go back behind it. */
export const clockFloorKey = '{agency-sts:processes}:clock-floor';
/** Written to learn whether writing works. */
export const readinessKey = 'agency-sts:ready';
export const attemptKey = (purpose: string, slot: string): string => `agency-sts:attempts:${purpose}:${slot}`;
