import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import * as ours from '../../lib/postgres/password-proof.js';

type Bytes = ArrayBuffer | Uint8Array;

interface Driver {
  deriveKey(password: string, salt: Uint8Array, iterations: number): Promise<Bytes>;
  sha256(data: Uint8Array): Promise<Bytes>;
  hashByName(name: string, data: Uint8Array): Promise<Bytes>;
  hmacSha256(key: Uint8Array, text: string): Promise<Bytes>;
  md5(data: string): Promise<string>;
  postgresMd5PasswordHash(user: string, password: string, salt: Uint8Array): Promise<string>;
  randomBytes(count: number): Buffer;
}

const driver = createRequire(import.meta.url)('pg/lib/crypto/utils.js') as Driver;

describe('the proof of a password', () => {
  const text = fc.string({ unit: 'binary' });
  const bytes = fc.uint8Array({ minLength: 1 });
  const hex = (data: Bytes): string => Buffer.from(data as Uint8Array).toString('hex');

  it("has all that the driver's own has", () => {
    assert.deepEqual(Object.keys(ours).sort(), Object.keys(driver).sort());
  });

  it("is the driver's own, whatever the password", async () => {
    const property = fc.asyncProperty(text, text, bytes, async (password, user, salt) => {
      const iterations = 1 + (salt[0] ?? 0);
      assert.equal(
        hex(await ours.deriveKey(password, salt, iterations)),
        hex(await driver.deriveKey(password, salt, iterations)),
      );
      assert.equal(hex(ours.hmacSha256(salt, password)), hex(await driver.hmacSha256(salt, password)));
      assert.equal(hex(ours.sha256(salt)), hex(await driver.sha256(salt)));
      assert.equal(ours.md5(password), await driver.md5(password));
      assert.equal(
        ours.postgresMd5PasswordHash(user, password, salt),
        await driver.postgresMd5PasswordHash(user, password, salt),
      );
      for (const name of ['SHA-256', 'SHA-384', 'SHA-512'])
        assert.equal(hex(ours.hashByName(name, salt)), hex(await driver.hashByName(name, salt)));
    });
    await fc.assert(property, { numRuns: 50 });
  });
});
