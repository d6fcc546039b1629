import assert from 'node:assert/strict';
import { Liveness } from '../../lib/postgres/liveness.js';
import { FreezingServer } from '../support/freezing-server.js';
import { freePort, testServer } from '../support/postgres.js';

describe('liveness of a server', function () {
  this.timeout(30_000);
  const pause = 100;
  /** "lost", or "alive" after ten pauses. */
  const verdict = (url: string): Promise<string> => {
    const { hostname, port } = new URL(url);
    return new Promise((resolve) => {
      const end = new Liveness({ host: hostname, port: Number(port) }, pause).watch(() => resolve('lost'));
      setTimeout(() => resolve((end(), 'alive')), 10 * pause);
    });
  };

  it('is lost where connections are taken and told nothing, and where the way freezes', async () => {
    const way = await FreezingServer.start();
    assert.equal(await verdict(way.url), 'lost');
    way.close();
    const later = await FreezingServer.start((await testServer()).url);
    const ended = verdict(later.url);
    later.freeze();
    assert.equal(await ended, 'lost');
    later.close();
  });

  it('is not lost where a statement merely takes long, nor where the connection is refused', async () => {
    assert.equal(await verdict((await testServer()).url), 'alive');
    assert.equal(await verdict(`postgres://127.0.0.1:${String(await freePort())}/`), 'alive');
  });

  it('is asked no more once nobody waits', async () => {
    const way = await FreezingServer.start();
    let lost = false;
    new Liveness({ host: '127.0.0.1', port: Number(new URL(way.url).port) }, pause).watch(
      () => (lost = true),
    )();
    await new Promise((resolve) => setTimeout(resolve, 6 * pause));
    assert.equal(lost, false);
    way.close();
  });
});
