// The audit log of a cell: append, read, prove, restore and prune, over files in the format of c2sp.org/tlog-tiles.
export { appendEntries } from './append.js';
export { checkpointFile, readCheckpoint, signersOf, verifiedCheckpoint, type Checkpoint } from './checkpoint.js';
export { encodeEntry, eventId, parseEntry, type LogEntry } from './entry.js';
export { readPlainFile, requirePlainFolder, withPlainFile } from './files.js';
export { cellFolderName, cellOfOrigin, folderOf, LogDamagedError, originOf, PrunedError, type LogPlace } from './place.js';
export { newLogMemory, type LogMemory } from './memory.js';
export { readMinimumIndex } from './minimum-index.js';
export { checkProofFile, makeProofFile, type ProofFile } from './proof-file.js';
export { pruneEntries } from './prune.js';
export { inclusionProof, readEntries } from './read.js';
export { restoreCheckpoint } from './restore.js';
export { logSigner, logVerifiers, signerOf, type LogSigner } from './signer.js';
