// A Redis URL is read strictly: what is meant is reached, and what is wrong is told without showing a password.
import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../src/redis/topology-url.js';
import { readSettings, SettingsError } from '../../src/service/settings.js';

const host = { host: '10.0.0.1', port: 26_379 };

describe('a URL', () => {
  it.each([
    ['unix:///run/redis.sock', { kind: 'server', at: '/run/redis.sock' }],
    ['redis://user:secret@redis.example:6380/3', { kind: 'server', at: 'redis://user:secret@redis.example:6380/3' }],
    ['redis+sentinel://10.0.0.1:26379/main', { kind: 'sentinel', sentinels: [host], name: 'main', database: 0, isEncrypted: false, login: {} }],
    ['rediss+sentinel://:p%40ss@10.0.0.1:26379,sentinel_2:1,[::1]:65535/my.main-1/15', {
      kind: 'sentinel', sentinels: [host, { host: 'sentinel_2', port: 1 }, { host: '::1', port: 65_535 }], name: 'my.main-1', database: 15, isEncrypted: true, login: { password: 'p@ss' },
    }],
    ['redis+cluster://10.0.0.1:26379', { kind: 'cluster', nodes: [host], isEncrypted: false, login: {} }],
    ['rediss+cluster://us%3Aer:a:b%2F@10.0.0.1:26379,10.0.0.1:26379/', { kind: 'cluster', nodes: [host, host], isEncrypted: true, login: { username: 'us:er', password: 'a:b/' } }],
  ])('%s is taken', (url, places) => {
    expect(parseRedisUrl(url)).toEqual(places);
    expect(readSettings({ STS_REDIS_URL: url }).STS_REDIS_URL).toBe(url);
  });

  it.each([
    ['', 'must begin with'],
    ['http://localhost', 'must begin with'],
    ['unix://redis.sock', 'must begin with'],
    ['sentinel://10.0.0.1:26379/main', 'must begin with'],
    ['redis+sentinels://10.0.0.1:26379/main', 'must begin with'],
    ['redis+sentinel://10.0.0.1:26379', 'must name the primary'],
    ['redis+sentinel://10.0.0.1:26379/', 'must name the primary'],
    ['redis+sentinel://10.0.0.1:26379/ma in', 'must have no'],
    ['redis+sentinel://10.0.0.1:26379/main/1/2', 'must name the primary'],
    ['redis+sentinel://10.0.0.1:26379/main/', 'as its database'],
    ['redis+sentinel://10.0.0.1:26379/main/01', 'as its database'],
    ['redis+sentinel://10.0.0.1:26379/main/70000', 'as its database'],
    ['redis+sentinel://10.0.0.1:26379/main?db=1', 'must have no'],
    ['redis+sentinel:///main', 'must list hosts'],
    ['redis+sentinel://10.0.0.1/main', 'must list hosts'],
    ['redis+sentinel://10.0.0.1:0/main', 'must list hosts'],
    ['redis+sentinel://10.0.0.1:65536/main', 'must list hosts'],
    ['redis+sentinel://10.0.0.1:26379,/main', 'must list hosts'],
    ['redis+sentinel://::1:26379/main', 'must list hosts'],
    ['redis+sentinel://[10.0.0.1]:26379/main', 'must list hosts'],
    ['redis+cluster://10.0.0.1:7000/0', 'has no databases'],
    ['redis+cluster://10.0.0.1:7000#x', 'must have no'],
    ['redis+cluster://geheim@10.0.0.1:7000', '`user:password`'],
    ['redis+cluster://user:@10.0.0.1:7000', '`user:password`'],
    ['redis+cluster://:geheim%zz@10.0.0.1:7000', 'percent-encoded'],
    ['redis+cluster://:geheim@x@10.0.0.1:7000', 'percent-encoded'],
    ['redis+cluster://:geheim@x:y', 'must list hosts'],
  ])('%s is refused by the name of the setting', (url, rule) => {
    const read = (): unknown => readSettings({ STS_REDIS_URL: url });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow('`STS_REDIS_URL`');
    expect(read).toThrow(rule);
    expect(read).not.toThrow('geheim');
  });
});
