// The test runner's settings: every test under test/, against real servers.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Examples import what users import: here from the sources, not from what was built of them.
  resolve: { alias: Object.fromEntries(['client', 'verify'].map((room) => [`agency-sts/${room}`, new URL(`../src/${room}/index.ts`, import.meta.url).pathname])) },
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // Many tests wait for servers: two at a time even where one core is kept free by default.
    maxWorkers: 2,
    // No module keeps state that decides anything: files of a worker share what they import, which takes a fifth of the run otherwise.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
