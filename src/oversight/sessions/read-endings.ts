// Reads all that could have ended some sessions, with as few questions as there are accounts.
import type { EpochSubject } from '../../directory/store.js';
import { lineage, markedIdsOf, type Session } from '../../sessions/session.js';
import { allDependencesOf, type Endings } from '../../sessions/view.js';
import type { Services } from '../../sts/services.js';

/** As authentication does for one session, and as strictly: what was acknowledged before this read is in it. */
export async function readEndings({ directory, sessionIndex }: Pick<Services, 'directory' | 'sessionIndex'>, sessions: readonly Session[]): Promise<Endings> {
  const subjects = new Map<string, Set<EpochSubject>>();
  for (const { accountId, subject } of sessions.flatMap(allDependencesOf)) {
    const known = subjects.get(accountId) ?? new Set();
    subjects.set(accountId, known.add(subject));
  }
  const [marked, ends] = await Promise.all([
    sessionIndex.marked(sessions.flatMap((session) => markedIdsOf(lineage(session)))),
    Promise.all(Array.from(subjects, async ([accountId, of]) => [accountId, await directory.readEpochs(accountId, [...of])] as const)),
  ]);
  return { marked, of: new Map(ends) };
}
