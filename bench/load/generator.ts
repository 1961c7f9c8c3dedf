// The load generator, a process of its own: closed loops and paced rounds against one target at a time, told by messages.
import { openConnection, type Connection } from './connection.js';
import type { Order, Round, RoundResult } from './orders.js';
import { requestsOf, type NextRequest } from './source.js';

interface Target {
  readonly port: number;
  readonly closes: boolean;
  next: NextRequest;
  readonly lanes: Lane[];
  /** Signed ahead; filled before each round. */
  ready: Buffer[];
  /** Requests a second of the last round, times a reserve. */
  expected: number;
}

interface Lane {
  readonly connection: Connection;
  sentAt: number;
}

const targets = new Map<string, Target>();
const reserve = 1.5;
/** Milliseconds after the end of a round in which its last answers must come. */
const longestWait = 15_000;

function targetOf(name: string): Target {
  const target = targets.get(name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  return target;
}

async function run(target: Target, { milliseconds, connections, rate }: Round): Promise<RoundResult> {
  const latencies: number[] = [];
  const statuses = new Map<number, number>();
  const idle: Lane[] = [];
  let inFlight = 0;
  let answeredInTime = 0;
  let signedLate = 0;
  /** When requests were due that no connection was free for. */
  const overdue: number[] = [];
  let done: () => void = () => undefined;

  fill(target, rate === undefined ? (target.expected * milliseconds) / 1000 : (rate * milliseconds) / 1000);
  // Its own garbage of making them must not hold up the requests of the round.
  globalThis.gc?.();
  const before = process.cpuUsage();
  const start = performance.now();
  const end = start + milliseconds;

  const send = (lane: Lane, since: number): void => {
    const request = target.ready.pop();
    if (request === undefined) signedLate += 1;
    inFlight += 1;
    lane.sentAt = since;
    lane.connection.send(request ?? target.next());
  };
  const answered = (lane: Lane, status: number): void => {
    const now = performance.now();
    inFlight -= 1;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    latencies.push(now - lane.sentAt);
    if (now < end) answeredInTime += 1;
    const due = rate === undefined && now < end ? now : overdue.shift();
    if (due !== undefined) send(lane, due);
    else {
      idle.push(lane);
      if (now >= end && inFlight === 0) done();
    }
  };

  const lanes = Array.from({ length: connections }, (_, index) => laneOf(target, index));
  handlers = answered;
  const ended = new Promise<void>((resolve) => {
    done = resolve;
  });
  if (rate === undefined) for (const lane of lanes) send(lane, performance.now());
  else {
    idle.push(...lanes);
    pace(rate, start, end, (due) => {
      const lane = idle.pop();
      if (lane === undefined) overdue.push(due);
      else send(lane, performance.now());
    }, () => {
      if (inFlight === 0) done();
    });
  }
  const giveUp = setTimeout(() => lanes.forEach(({ connection }) => connection.close()), milliseconds + longestWait);
  await ended;
  clearTimeout(giveUp);
  const { user, system } = process.cpuUsage(before);
  const answers = latencies.length;
  target.expected = Math.max(target.expected, (answers / milliseconds) * 1000 * reserve);
  return {
    answers, perSecond: (answeredInTime / milliseconds) * 1000, statuses: [...statuses], latencies: Float64Array.from(latencies),
    generatorMicroseconds: (user + system) / Math.max(answers, 1), signedLate,
  };
}

/** Of the round that runs now: the lanes outlive rounds. */
let handlers: (lane: Lane, status: number) => void = () => undefined;

function laneOf(target: Target, index: number): Lane {
  const known = target.lanes[index];
  if (known !== undefined) return known;
  const lane: Lane = { sentAt: 0, connection: openConnection(target.port, target.closes, (status) => handlers(lane, status)) };
  target.lanes.push(lane);
  return lane;
}

/** Due times are spread evenly; the timer of Node wakes about once a millisecond. */
function pace(rate: number, start: number, end: number, due: (time: number) => void, finished: () => void): void {
  let count = 0;
  const tick = (): void => {
    const now = performance.now();
    for (let time = start + (count * 1000) / rate; time <= now && time < end; time = start + (count * 1000) / rate) {
      count += 1;
      due(time);
    }
    if (now < end) setTimeout(tick, 1);
    else finished();
  };
  tick();
}

/** Old ones go: a signature is good for a quarter of an hour, and the first of a round should not be older than its last. */
function fill(target: Target, count: number): void {
  target.ready = Array.from({ length: Math.ceil(count) }, () => target.next());
}

async function follow(order: Order): Promise<RoundResult | null> {
  if (order.kind === 'round') return run(targetOf(order.target), order);
  if (order.kind === 'open') {
    targets.set(order.target, { port: order.port, closes: order.source.kind === 'ready' && order.source.closes === true, next: requestsOf(order.source, order.port), lanes: [], ready: [], expected: 4000 });
    return null;
  }
  for (const { connection } of targetOf(order.target).lanes) connection.close();
  targets.delete(order.target);
  return null;
}

process.on('message', (order: Order) => {
  follow(order).then((result) => process.send?.({ result }), (error: unknown) => process.send?.({ failure: String(error) }));
});
process.on('disconnect', () => process.exit());
