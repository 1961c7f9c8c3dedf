// A place in a status list of a session's cell, for tests that revoke and do not look at lists.
import type { StatusIndex } from '../../src/sessions/session.js';
import { cellOfSessionId } from '../../src/urn/ids.js';

export const anyPlace = (sessionId: string): StatusIndex => ({ list: `${cellOfSessionId(sessionId) ?? 0}-0`, index: 7 });
