// The floor: one process that does what cannot be left out of a call, and nothing else, with node:http, node:crypto and raw RESP alone.
// Run: node floor.js BOOTSTRAP_FILE REDIS_SOCKET; prints its port. README.md says what counts as unavoidable.
import { createHash, createHmac, createPublicKey, createSecretKey, generateKeyPairSync, hash, randomBytes, sign, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

// ---- What is known of the accounts: the bootstrap file, compiled once.

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Principal?: { readonly IAM?: readonly string[] };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}
interface Document {
  readonly Statement: readonly Statement[];
}
interface File {
  readonly accounts: readonly {
    readonly account_id: string;
    readonly users?: readonly { readonly user_name: string; readonly attached_policies?: readonly string[]; readonly access_keys?: readonly { readonly access_key_id: string; readonly secret_access_key: string }[] }[];
    readonly policies?: readonly { readonly policy_name: string; readonly policy_document: Document }[];
    readonly agencies?: readonly { readonly agency_name: string; readonly path?: string; readonly max_session_duration?: number; readonly trust_policy: Document; readonly attached_policies?: readonly string[] }[];
  }[];
}

interface Question {
  readonly action: string;
  readonly resource: string;
  readonly principalUrn: string;
  readonly principalAccount: string;
  /** Undefined: the caller has no such value. */
  readonly value: (key: string) => string | undefined;
}
interface Rule {
  readonly denies: boolean;
  readonly covers: (question: Question) => boolean;
}

const glob = (pattern: string): RegExp => new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
const anyOf = (patterns: readonly string[]): ((text: string) => boolean) => {
  const exact = new Set(patterns);
  const globs = patterns.filter((pattern) => /[*?]/.test(pattern)).map(glob);
  return (text) => exact.has(text) || globs.some((each) => each.test(text));
};
const operators: Readonly<Record<string, (values: readonly string[]) => (value: string) => boolean>> = {
  StringEquals: (values) => (value) => values.includes(value),
  StringMatch: anyOf,
};

function compiled({ Statement: statements }: Document): readonly Rule[] {
  return statements.map(({ Effect: effect, Action: actions, Resource: resources, Principal: principal, Condition: conditions = {} }) => {
    const action = anyOf(actions);
    const resource = resources === undefined ? undefined : anyOf(resources);
    const trusted = principal === undefined ? undefined : new Set(principal.IAM);
    const tests = Object.entries(conditions).flatMap(([operator, keys]) => Object.entries(keys).map(([key, values]) => ({ key, test: operators[operator]?.(values) })));
    const covers = (question: Question): boolean =>
      action(question.action) && (resource === undefined || resource(question.resource)) &&
      (trusted === undefined || trusted.has(question.principalAccount) || trusted.has(question.principalUrn)) &&
      tests.every(({ key, test }) => {
        const value = question.value(key);
        return value !== undefined && test !== undefined && test(value);
      });
    return { denies: effect === 'Deny', covers };
  });
}

function allows(rules: readonly Rule[], question: Question): boolean {
  let allowed = false;
  for (const rule of rules) {
    if (!rule.covers(question)) continue;
    if (rule.denies) return false;
    allowed = true;
  }
  return allowed;
}

interface Agency {
  readonly accountId: string;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly longest: number;
  readonly trust: readonly Rule[];
  readonly rules: readonly Rule[];
}
interface Owner {
  readonly accountId: string;
  readonly userId: string;
  readonly userName: string;
  readonly rules: readonly Rule[];
  readonly key: KeyObject;
}

const [bootstrapFile = '', redisSocket = ''] = process.argv.slice(2);
const file = JSON.parse(readFileSync(bootstrapFile, 'utf8')) as File;
const id = (): string => randomBytes(16).toString('hex');
const owners = new Map<string, Owner>();
const agencies = new Map<string, Agency>();
for (const { account_id: accountId, users = [], policies = [], agencies: own = [] } of file.accounts) {
  const rulesOf = (names: readonly string[] = []): readonly Rule[] => policies.filter(({ policy_name: name }) => names.includes(name)).flatMap(({ policy_document: document }) => compiled(document));
  for (const { user_name: userName, attached_policies: names, access_keys: keys = [] } of users) {
    const user = { accountId, userId: id(), userName, rules: rulesOf(names) };
    for (const key of keys) owners.set(key.access_key_id, { ...user, key: createSecretKey(Buffer.from(key.secret_access_key)) });
  }
  for (const agency of own) {
    const { agency_name: name, path = '', max_session_duration: longest = 3600 } = agency;
    agencies.set(`iam::${accountId}:agency:${path}${name}`, { accountId, id: id(), name, path, longest, trust: compiled(agency.trust_policy), rules: rulesOf(agency.attached_policies) });
  }
}

// ---- Redis: one connection, all commands of one turn in one write.

type Reply = string | number | null | readonly Reply[] | Error;
const socket = connect(redisSocket);
const waiting: ((reply: Reply) => void)[] = [];
let outgoing = '';
let incoming: Buffer = Buffer.alloc(0);

function flush(): void {
  socket.write(outgoing);
  outgoing = '';
}

function command(...parts: readonly (string | number)[]): Promise<Reply> {
  if (outgoing === '') setImmediate(flush);
  let text = `*${parts.length}\r\n`;
  for (const part of parts) text += typeof part === 'number' ? `$${String(part).length}\r\n${part}\r\n` : `$${Buffer.byteLength(part)}\r\n${part}\r\n`;
  outgoing += text;
  return new Promise((resolve, reject) => waiting.push((reply) => (reply instanceof Error ? reject(reply) : resolve(reply))));
}

/** The reply at a place and where the next one begins; undefined while it is not all there. */
function replyAt(at: number): readonly [Reply, number] | undefined {
  const end = incoming.indexOf(13, at);
  if (end < 0 || end + 1 >= incoming.length) return undefined;
  const line = incoming.toString('latin1', at + 1, end);
  const next = end + 2;
  const type = incoming[at];
  if (type === 58) return [Number(line), next];
  if (type === 43) return [line, next];
  if (type === 45) return [new Error(line), next];
  const length = Number(line);
  if (length < 0) return [null, next];
  if (type === 36) return incoming.length < next + length + 2 ? undefined : [incoming.toString('utf8', next, next + length), next + length + 2];
  const items: Reply[] = [];
  let place = next;
  while (items.length < length) {
    const item = replyAt(place);
    if (item === undefined) return undefined;
    items.push(item[0]);
    place = item[1];
  }
  return [items, place];
}

socket.on('data', (chunk) => {
  incoming = incoming.length === 0 ? chunk : Buffer.concat([incoming, chunk]);
  let at = 0;
  for (let reply = replyAt(at); reply !== undefined; reply = at < incoming.length ? replyAt(at) : undefined) {
    at = reply[1];
    waiting.shift()?.(reply[0]);
  }
  incoming = incoming.subarray(at);
});

/**
 * All of a call's reading and writing. Keys and arguments are taken in turn: guards of accounts, marks, cells; then the
 * session with its indexes and its ancestors' lives, and the events, whose numbers are the answer.
 */
const commitScript = `
local k, a = 0, 0
local function key() k = k + 1 return KEYS[k] end
local function arg() a = a + 1 return ARGV[a] end
for _ = 1, tonumber(arg()) do
  local count, expected = tonumber(arg()), arg()
  if table.concat(redis.call('HMGET', key(), unpack(ARGV, a + 1, a + count)), ' ') ~= expected then return {'changed'} end
  a = a + count
end
for _ = 1, tonumber(arg()) do
  if redis.call('EXISTS', key()) == 1 then return {'revoked'} end
end
local events = tonumber(arg())
for n = 0, events - 1 do
  local cell = redis.call('HMGET', KEYS[k + 1 + 2 * n], 'incarnation', 'sequence')
  if cell[1] ~= ARGV[a + 1 + 3 * n] or tonumber(cell[2]) < tonumber(ARGV[a + 2 + 3 * n]) then return {'gone back'} end
end
local firstkey, firstarg = k, a
k, a = k + 2 * events, a + 3 * events
local indexes = tonumber(arg())
if indexes > 0 then
  local id, seconds, longest = arg(), arg(), arg()
  if not redis.call('SET', key(), arg(), 'EX', seconds, 'NX') then return {'taken'} end
  for _ = 1, indexes do
    local index = key()
    local place = redis.call('INCR', index) - 1
    local page = index .. ':' .. math.floor(place / 128)
    redis.call('ZADD', page, place, id)
    redis.call('EXPIRE', page, longest)
    redis.call('EXPIRE', index, longest)
  end
  for _ = 1, tonumber(arg()) do redis.call('EXPIRE', key(), seconds, 'GT') end
end
local numbers = {'ok'}
for n = 0, events - 1 do
  local number = redis.call('HINCRBY', KEYS[firstkey + 1 + 2 * n], 'sequence', 1)
  redis.call('XADD', KEYS[firstkey + 2 + 2 * n], '0-' .. number, 'r', ARGV[firstarg + 3 + 3 * n])
  numbers[#numbers + 1] = number
end
return numbers
`;
const scriptHash = String(await command('SCRIPT', 'LOAD', commitScript));

// ---- State of accounts and cells, as this process remembers it and the script finds it again.

const cellCount = 16;
const cellOf = (accountId: string): number => createHash('sha256').update(accountId).digest().readUInt32BE() % cellCount;
const cells = Array.from({ length: cellCount }, (_, number) => ({ number, tag: `{c${String(number).padStart(2, '0')}}`, incarnation: id(), sequence: 0 }));
interface Account {
  readonly id: string;
  readonly cell: (typeof cells)[number];
  readonly revision: string;
  readonly stateKey: string;
  readonly indexKey: string;
}
const accounts = new Map<string, Account>();
function known<Value>(map: ReadonlyMap<string, Value>, name: string): Value {
  const value = map.get(name);
  if (value === undefined) throw new Error(`${name} is not known`);
  return value;
}
function cellAt(number: number): (typeof cells)[number] {
  const cell = cells[number];
  if (cell === undefined) throw new Error('no such cell');
  return cell;
}
for (const cell of cells) await command('HSET', `${cell.tag}:cell`, 'incarnation', cell.incarnation, 'sequence', 0);
for (const { account_id: accountId } of file.accounts) {
  const cell = cellAt(cellOf(accountId));
  const account: Account = { id: accountId, cell, revision: `1.${id().slice(0, 16)}`, stateKey: `${cell.tag}:state:${accountId}`, indexKey: `${cell.tag}:sessions:${accountId}` };
  accounts.set(accountId, account);
  const subjects = [...owners].flatMap(([key, owner]) => (owner.accountId === accountId ? [`user:${owner.userId}`, `key:${key}`] : []));
  subjects.push(...[...agencies.values()].flatMap((agency) => (agency.accountId === accountId ? [`agency:${agency.id}`] : [])));
  await command('HSET', account.stateKey, 'rev', account.revision, 'before', 0, 'account', 0, ...subjects.flatMap((subject) => [subject, 0]));
}
const recordKey = createSecretKey(randomBytes(32));
const sessionSecrets = createSecretKey(randomBytes(32));
const keyId = (): string => randomBytes(6).toString('base64url');
const [recordKeyId, sessionSecretsId] = [keyId(), keyId()];
const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = createPublicKey(privateKey);
const issuer = `urn:agency-sts:${id().slice(0, 16)}`;
const tokenHeader = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: keyId(), typ: 'agency-session+jwt' })).toString('base64url');
const authenticated = (place: string, content: string): string =>
  `${recordKeyId}.${createHmac('sha256', recordKey).update(`${place}\n${content}`).digest('base64url').slice(0, 22)}.${content}`;

// ---- Sessions: records by position, and those that called, as they are remembered.

type KeyLink = readonly [keyId: string, accountId: string, ownerId: string, kind: 'user', account: 0, owner: 0, key: 0];
type SessionLink = readonly [sessionId: string, accountId: string, agencyId: string, list: string, index: number, account: 0, agency: 0, issuedAt: number];
type Chain = readonly [KeyLink, ...SessionLink[]];
interface Session {
  readonly id: string;
  readonly agency: Agency;
  readonly name: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly chainStartedAt: number;
  readonly assumedBy: string;
  readonly root: string;
  readonly chain: Chain;
  readonly list: string;
  readonly index: number;
}
const recordOf = ({ agency, name, issuedAt, expiresAt, chainStartedAt, assumedBy, root, chain, list, index }: Session): string =>
  JSON.stringify([1, agency.accountId, agency.id, agency.name, agency.path, name, issuedAt, expiresAt, chainStartedAt, assumedBy, root, chain, [], null, null, null, [], sessionSecretsId, list, index, 0, 0]);

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
let pool = Buffer.alloc(0);
/** From a pool: asking the system for each call costs more than what is made of it. */
function random(length: number): Buffer {
  if (pool.length < length) pool = randomBytes(8192);
  const bytes = pool.subarray(0, length);
  pool = pool.subarray(length);
  return bytes;
}
function newSessionId(cell: number): string {
  let text = `HST${alphabet.charAt(cell >> 5)}${alphabet.charAt(cell & 31)}`;
  for (const byte of random(15)) text += alphabet.charAt(byte & 31);
  return text;
}
const secretOf = (sessionId: string): string => createHmac('sha256', sessionSecrets).update(`agency-sts session secret\n${sessionId}`).digest('base64url').slice(0, 40);

const handles = new Map<string, string>();
/** Of an account, found once. */
function handleOf(accountId: string): string {
  const handle = handles.get(accountId) ?? createHmac('sha256', recordKey).update(accountId).digest('base64url').slice(0, 16);
  handles.set(accountId, handle);
  return handle;
}

function tokenOf(session: Session): string {
  const { agency, issuedAt, chain } = session;
  const seen = [...new Set([...chain.map((link) => link[1]), agency.accountId])];
  const named = new Set<string>();
  const account = (accountId: string): string | number => {
    if (named.has(accountId)) return seen.indexOf(accountId);
    named.add(accountId);
    return accountId;
  };
  const claims = {
    iss: issuer, aud: issuer, sub: sessionUrn(session), jti: session.id, iat: issuedAt, exp: session.expiresAt, act: { sub: session.assumedBy },
    status: { status_list: { idx: session.index, uri: `${issuer}:status-list:${session.list}` } },
    agency_sts: {
      account: agency.accountId, agency: agency.id, session_name: session.name, root: session.root, depth: chain.length, chain_started: session.chainStartedAt,
      epochs: [0, 0], handles: [recordKeyId, ...seen.map(handleOf)], secret_key: sessionSecretsId,
      chain: chain.map((link) => (link.length === 7
        ? [link[0], account(link[1]), link[2], 0, 0, 0] : [link[0], account(link[1]), link[2], 0, 0, link[3], link[4], link[7] - session.chainStartedAt])),
    },
  };
  const input = `${tokenHeader}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}
const sessionUrn = ({ agency, name }: Pick<Session, 'agency' | 'name'>): string => `sts::${agency.accountId}:assumed-agency:${agency.name}/${name}`;

interface Caller {
  readonly accessKeyId: string;
  readonly key: KeyObject;
  readonly account: Account;
  readonly urn: string;
  readonly id: string;
  readonly userName: string | null;
  readonly rules: readonly Rule[];
  /** Subjects in accounts on which the caller's life depends. */
  readonly guards: ReadonlyMap<string, readonly string[]>;
  readonly chain: Chain;
  readonly session: Session | undefined;
  readonly expiresAt: number;
}

/** What was decided once of a caller goes on while the script finds its accounts as they were. */
const callers = new Map<string, Caller>();
const mostCallers = 10_000;

async function callerOf(accessKeyId: string, token: string | undefined, now: number): Promise<Caller | undefined> {
  const name = token === undefined ? accessKeyId : `${accessKeyId} ${token}`;
  const remembered = callers.get(name);
  if (remembered !== undefined) return now < remembered.expiresAt ? remembered : undefined;
  const caller = token === undefined ? permanentCaller(accessKeyId) : await sessionCaller(accessKeyId, token, now);
  if (caller === undefined) return undefined;
  if (callers.size >= mostCallers) callers.clear();
  callers.set(name, caller);
  return caller;
}

function permanentCaller(accessKeyId: string): Caller | undefined {
  const owner = owners.get(accessKeyId);
  if (owner === undefined) return undefined;
  const { accountId, userId, userName, rules, key } = owner;
  return {
    accessKeyId, key, account: known(accounts, accountId), urn: `iam::${accountId}:user:${userName}`, id: userId, userName, rules,
    guards: new Map([[accountId, ['rev', 'before', 'account', `user:${userId}`, `key:${accessKeyId}`]]]),
    chain: [[accessKeyId, accountId, userId, 'user', 0, 0, 0]], session: undefined, expiresAt: Infinity,
  };
}

async function sessionCaller(accessKeyId: string, token: string, now: number): Promise<Caller | undefined> {
  const [header = '', payload = '', signature = ''] = token.split('.');
  if (header !== tokenHeader || !verify(null, Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { readonly jti: string; readonly exp: number };
  if (claims.jti !== accessKeyId || claims.exp <= now) return undefined;
  const record = await command('GET', `${cellAt(alphabet.indexOf(accessKeyId.charAt(3)) * 32 + alphabet.indexOf(accessKeyId.charAt(4))).tag}:session:${accessKeyId}`);
  if (typeof record !== 'string') return undefined;
  const content = record.slice(record.indexOf('[1,'));
  if (authenticated(accessKeyId, content) !== record) return undefined;
  const [, accountId, , agencyName, path, name, issuedAt, expiresAt, chainStartedAt, assumedBy, root, chain, , , , , , , list, index] =
    JSON.parse(content) as [1, string, string, string, string, string, number, number, number, string, string, Chain, [], null, null, null, [], string, string, number, 0, 0];
  const agency = known(agencies, `iam::${accountId}:agency:${path}${agencyName}`);
  const session: Session = { id: accessKeyId, agency, name, issuedAt, expiresAt, chainStartedAt, assumedBy, root, chain, list, index };
  const link: SessionLink = [session.id, accountId, agency.id, list, index, 0, 0, issuedAt];
  const guards = new Map<string, string[]>([[accountId, ['rev']]]);
  for (const each of [...chain, link]) {
    const fields = guards.get(each[1]) ?? [];
    guards.set(each[1], fields);
    fields.push('before', 'account', ...(each.length === 7 ? [`user:${each[2]}`, `key:${each[0]}`] : [`agency:${each[2]}`]));
  }
  return {
    accessKeyId, key: createSecretKey(Buffer.from(secretOf(accessKeyId))), account: known(accounts, accountId), urn: sessionUrn(session), id: `${agency.id}:${name}`, userName: null,
    rules: agency.rules, guards: new Map([...guards].map(([each, fields]) => [each, [...new Set(fields)]])), chain: [...chain, link], session, expiresAt,
  };
}

// ---- One call.

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const authorization = /^SDK-HMAC-SHA256 Access=([^,\s/]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;
const guarded = ['x-sdk-date', 'x-security-token'];

async function authenticate(request: IncomingMessage, body: Buffer, now: number): Promise<Caller> {
  const { headers } = request;
  const [, accessKeyId = '', names = '', signature = ''] = authorization.exec(headers.authorization ?? '') ?? [];
  const signedNames = names.split(';');
  if (!guarded.every((name) => headers[name] === undefined || signedNames.includes(name))) throw new Refusal(401, 'a header is not signed');
  const date = String(headers['x-sdk-date']);
  const time = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)), Number(date.slice(9, 11)), Number(date.slice(11, 13)), Number(date.slice(13, 15)));
  if (!(Math.abs(time - now) <= 900_000)) throw new Refusal(401, 'the date is out of range');
  let headerLines = '';
  for (const name of signedNames) headerLines += `${name}:${String(headers[name])}\n`;
  const bodyHash = hash('sha256', body);
  const canonical = `${request.method ?? ''}\n${request.url ?? ''}/\n\n${headerLines}\n${names}\n${bodyHash}`;
  const toSign = `SDK-HMAC-SHA256\n${date}\n${hash('sha256', Buffer.from(canonical, 'latin1'))}`;
  const token = headers['x-security-token'];
  const caller = await callerOf(accessKeyId, token === undefined ? undefined : String(token), now / 1000);
  if (caller === undefined || !timingSafeEqual(createHmac('sha256', caller.key).update(toSign).digest(), Buffer.from(signature, 'hex'))) throw new Refusal(401, 'the signature is wrong');
  return caller;
}

interface Input {
  readonly agency_urn?: unknown;
  readonly agency_session_name?: unknown;
  readonly duration_seconds?: unknown;
}
const grace = 900;
const longestSession = 43_200;
let places = 0;

function assume(caller: Caller, body: Buffer, now: number): { readonly session: Session; readonly agency: Agency } {
  const { agency_urn: agencyUrn, agency_session_name: name, duration_seconds: asked = 3600 } = JSON.parse(body.toString('utf8')) as Input;
  if (typeof agencyUrn !== 'string' || typeof name !== 'string' || !/^[\w+=,.@-]{2,64}$/.test(name) || typeof asked !== 'number') throw new Refusal(400, 'malformed');
  const parent = caller.session;
  const issuedAt = Math.floor(now / 1000);
  if (parent !== undefined && (asked > 3600 || parent.chain.length >= 10 || issuedAt - parent.chainStartedAt > longestSession)) throw new Refusal(400, 'the chain is too long');
  const agency = agencies.get(agencyUrn);
  const value = (key: string): string | undefined => (key === 'g:PrincipalAccount' || key === 'g:DomainId' ? caller.account.id : key === 'g:PrincipalUrn' ? caller.urn : key === 'g:UserName' ? (caller.userName ?? undefined) : undefined);
  const question = { action: 'sts:agencies:assume', resource: agencyUrn, principalUrn: caller.urn, principalAccount: caller.account.id, value };
  if (!allows(caller.rules, question) || agency === undefined || !allows(agency.trust, question)) throw new Refusal(403, 'denied');
  if (asked < 900 || asked > agency.longest) throw new Refusal(400, 'the duration is out of range');
  const cell = known(accounts, agency.accountId).cell.number;
  const place = places++;
  return {
    agency,
    session: {
      id: newSessionId(cell), agency, name, issuedAt, expiresAt: issuedAt + asked, chainStartedAt: parent?.chainStartedAt ?? issuedAt, assumedBy: caller.urn,
      root: parent?.root ?? caller.urn, chain: caller.chain, list: `${cell}-${Math.floor(place / 131_072)}`, index: place % 131_072,
    },
  };
}

const packedIds = new Map<string, string>();
/** Hexadecimal ids in fewer characters; those of accounts and entities found once. */
function packed(text: string): string {
  const found = packedIds.get(text) ?? Buffer.from(text.slice(0, 32), 'hex').toString('base64url') + text.slice(32);
  if (packedIds.size >= mostCallers) packedIds.clear();
  packedIds.set(text, found);
  return found;
}
const inAccount = (urn: string, accountId: string): string => (urn.startsWith(accountId, 5) ? urn.charAt(0) + urn.slice(6 + accountId.length) : `=${urn}`);

/** By position, without what follows from the rest: an account's event names other accounts alone, a session the chain of its caller. */
function eventOf(account: Account, caller: Caller, packedRequestId: string, now: number, issued: { readonly session: Session; readonly agency: Agency } | undefined): string {
  const seconds = Math.floor(now / 1000);
  const { session } = caller;
  const principal = [caller.account === account ? 0 : packed(caller.account.id), packed(caller.id), caller.accessKeyId, session === undefined ? 0 : 1, caller.userName ?? 0, ...(session === undefined ? [] : [`a${session.agency.name}`])];
  const agency = issued?.agency;
  const content = JSON.stringify([
    2, packed(account.id), now, packedRequestId, issued === undefined ? 'GetCallerIdentity' : 'AssumeAgency', principal, '127.0.0.1', 200, 0, issued === undefined ? 0 : 1,
    agency === undefined ? 0 : `iagency:${agency.path}${agency.name}`, agency === undefined || agency.accountId === caller.account.id ? 0 : agency.accountId === account.id ? 1 : packed(agency.accountId),
    issued?.session.name ?? 0,
    issued === undefined ? 0 : [issued.session.id, 0, issued.session.expiresAt - seconds, packed(issued.agency.id), issued.session.root === caller.urn ? 1 : inAccount(issued.session.root, caller.account.id), 0],
    session === undefined ? 0 : [0, session.chain.map((link) => link[0]), session.expiresAt - seconds, 0, 0, 0],
  ]);
  return authenticated(`event ${account.cell.number}`, content);
}

const marksOf = (caller: Caller): readonly string[] => caller.chain.flatMap((link) => (link.length === 7 ? [] : [`${known(accounts, link[1]).cell.tag}:mark:${link[0]}`]));
const sessionKey = (accountId: string, sessionId: string): string => `${known(accounts, accountId).cell.tag}:session:${sessionId}`;

/** Checks all that was remembered and writes all that must be durable before the answer; gives the caller's event id. */
async function commit(caller: Caller, requestId: string, now: number, issued: { readonly session: Session; readonly agency: Agency } | undefined): Promise<string> {
  const keys: string[] = [];
  const values: (string | number)[] = [];
  const target = issued === undefined ? undefined : known(accounts, issued.agency.accountId);
  const addGuard = (accountId: string, fields: readonly string[]): void => {
    const { stateKey, revision } = known(accounts, accountId);
    keys.push(stateKey);
    values.push(fields.length, fields.map((field) => (field === 'rev' ? revision : '0')).join(' '), ...fields);
  };
  values.push(caller.guards.size + (issued === undefined ? 0 : 1));
  for (const [accountId, fields] of caller.guards) addGuard(accountId, fields);
  if (issued !== undefined) addGuard(issued.agency.accountId, ['rev', 'before', 'account', `agency:${issued.agency.id}`]);
  const marks = marksOf(caller);
  values.push(marks.length);
  keys.push(...marks);
  const concerned = target === undefined || target === caller.account ? [caller.account] : [caller.account, target];
  values.push(concerned.length);
  const packedRequestId = Buffer.from(requestId, 'hex').toString('base64url');
  for (const account of concerned) {
    const { cell } = account;
    keys.push(`${cell.tag}:cell`, `${cell.tag}:audit`);
    values.push(cell.incarnation, cell.sequence, eventOf(account, caller, packedRequestId, now, issued));
  }
  if (issued === undefined || target === undefined) values.push(0);
  else {
    const { session } = issued;
    const indexes = concerned.map(({ indexKey }) => indexKey);
    const parent = caller.session;
    if (parent !== undefined) indexes.push(`${caller.account.cell.tag}:children:${parent.id}`);
    const ancestors = caller.chain.flatMap((link) => (link.length === 7 ? [] : [sessionKey(link[1], link[0])]));
    keys.push(sessionKey(target.id, session.id), ...indexes, ...ancestors);
    values.push(indexes.length, session.id, session.expiresAt - session.issuedAt + grace, longestSession + grace, authenticated(session.id, recordOf(session)), ancestors.length);
  }
  const reply = await command('EVALSHA', scriptHash, keys.length, ...keys, ...values);
  if (!Array.isArray(reply) || reply[0] !== 'ok') throw new Refusal(503, `the script answered ${JSON.stringify(reply)}`);
  // What the script answers behind its first element are numbers.
  const numbers = reply.slice(1) as number[];
  concerned.forEach(({ cell }, at) => (cell.sequence = Math.max(cell.sequence, numbers[at] ?? 0)));
  return `${caller.account.cell.number}-${numbers[0] ?? 0}`;
}

const securityHeaders = [
  'Content-Security-Policy', "default-src 'none';frame-ancestors 'none'", 'Cross-Origin-Opener-Policy', 'same-origin', 'Cross-Origin-Resource-Policy', 'same-origin',
  'Origin-Agent-Cluster', '?1', 'Referrer-Policy', 'no-referrer', 'Strict-Transport-Security', 'max-age=31536000; includeSubDomains', 'X-Content-Type-Options', 'nosniff',
  'X-DNS-Prefetch-Control', 'off', 'X-Download-Options', 'noopen', 'X-Frame-Options', 'SAMEORIGIN', 'X-Permitted-Cross-Domain-Policies', 'none', 'X-XSS-Protection', '0',
  'Content-Type', 'application/json', 'Cache-Control', 'no-store',
] as const;

function answer(response: ServerResponse, status: number, requestId: string, eventId: string | undefined, body: object, more: readonly string[] = []): void {
  // A text leaves in one piece with its head, bytes do not.
  const text = JSON.stringify(body);
  const own = ['X-Request-Id', requestId, ...(eventId === undefined ? [] : ['X-Audit-Event-Id', eventId]), ...more, 'Content-Length', String(Buffer.byteLength(text))];
  response.writeHead(status, [...securityHeaders, ...own]).end(text);
}

async function serve(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
  const requestId = random(16).toString('hex');
  const now = Date.now();
  try {
    const call = `${request.method ?? ''} ${request.url ?? ''}`;
    if (call !== 'POST /v5/agencies/assume' && call !== 'GET /v5/caller-identity') throw new Refusal(404, 'no such API');
    const caller = await authenticate(request, body, now);
    if (request.method === 'GET') {
      const eventId = await commit(caller, requestId, now, undefined);
      answer(response, 200, requestId, eventId, { account_id: caller.account.id, principal_urn: caller.urn, principal_id: caller.id });
      return;
    }
    const issued = assume(caller, body, now);
    const { session, agency } = issued;
    const credentials = { access_key_id: session.id, secret_access_key: secretOf(session.id), security_token: tokenOf(session), expiration: new Date(session.expiresAt * 1000).toISOString() };
    const eventId = await commit(caller, requestId, now, issued);
    const told = ['X-Chain-Depth', String(session.chain.length), 'X-Max-Duration-Seconds', '3600', 'X-Chain-Age-Remaining-Seconds', String(session.chainStartedAt + longestSession - session.issuedAt)];
    answer(response, 200, requestId, eventId, { assumed_agency: { urn: sessionUrn(session), id: `${agency.id}:${session.name}` }, credentials }, told);
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 500;
    answer(response, status, requestId, undefined, { error_msg: String(error), request_id: requestId });
  }
}

const nothing = Buffer.alloc(0);
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method === 'GET') {
    void serve(request, response, nothing);
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => void serve(request, response, chunks.length === 1 ? (chunks[0] ?? nothing) : Buffer.concat(chunks)));
});
server.listen(0, '127.0.0.1', () => {
  // A server that listens on TCP has an address of this form.
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.once('SIGTERM', () => process.exit());
