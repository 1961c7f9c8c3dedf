// Transparency logs in the formats of C2SP: Merkle tree, tiles, signed notes, checkpoints and proofs. Pure: bytes in, bytes out.
export { decodeBundle, encodeBundle, maximumEntryBytes } from './bundle.js';
export { formatCheckpoint, parseCheckpoint, parseNumber, type CheckpointText } from './checkpoint.js';
export { extendTree, rootOfEdge, type Edge, type Extended, type NewTile } from './extend.js';
export { FormatError } from './format-error.js';
export { emptyRoot, hashSize, leafHash, nodeHash, rootOver } from './hash.js';
export { formatNote, parseNote, signatureLine, verifyNote, type Note, type NoteSignature } from './note.js';
export { formatProof, parseProof, verifyProof, type LogProof } from './proof.js';
export { decodeHashes, encodeHashes, hashesAt, lookupInTiles, parseTilePath, rightEdge, tilePath, tileWidth, widthOf, type Tile } from './tiles.js';
export { consistencyProof, inclusionProof, rootOfInclusion, treeRoot, verifyConsistency, verifyInclusion, type HashLookup, type Inclusion, type TreeHead } from './tree.js';
export { formatVerifierKey, isKeyName, keyId, parseVerifierKey, type VerifierKey } from './verifier-key.js';
