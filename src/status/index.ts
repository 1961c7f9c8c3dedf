// What is published of ended sessions: the forms that the service writes and a verifier reads.
export { readEpochListClaim, subjectDigest, type EpochList, type EpochListClaim } from './epochs.js';
export { isMarked, placeOfStatusList, readStatusListClaim, statusListClaim, statusListId, statusListPattern, statusListSize, type StatusListClaim } from './lists.js';
