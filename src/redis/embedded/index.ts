// The door of the embedded server: what the rest of the house may use of it.
export { obtainRedisBinary, type RedisBinary } from './binary.js';
export { findEmbeddedRedis } from './find.js';
export { hasEmbeddedData } from './places.js';
export { startEmbeddedRedis, type EmbeddedRedis, type EmbeddedRedisOptions } from './server.js';
