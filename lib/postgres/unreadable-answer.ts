import type { Client } from 'pg';

/** A stream that tells what it reads, and may end with an error. */
interface Stream {
  emit(event: string, ...args: unknown[]): boolean;
  destroy(error: unknown): void;
}

/**
 * Lets an answer that the driver cannot read end the connection with that error. The driver throws it from inside the socket, where
 * nobody catches it and the process would end: a login by GSSAPI is such an answer, and whatever is no PostgreSQL.
 */
export function endAtUnreadable(client: Client): void {
  // The stream is another one after TLS has begun; pg's types tell neither.
  const { connection } = client as unknown as { connection: { attachListeners(stream: Stream): void } };
  const attach = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => {
    const emit = stream.emit.bind(stream);
    const refuseEndless = endlessNotices();
    stream.emit = (event, ...args) => {
      if (event !== 'data') return emit(event, ...args);
      try {
        refuseEndless(args[0] as Buffer);
        return emit(event, ...args);
      } catch (error) {
        stream.destroy(error);
        return true;
      }
    };
    attach(stream);
  };
}

const [error, notice, ready] = ['E', 'N', 'Z'].map((letter) => letter.charCodeAt(0));

/**
 * Looks through the messages of a login, and throws at an error or a notice whose list of fields has no end: the driver looks for that
 * end for ever, and the process with it.
 */
function endlessNotices(): (chunk: Buffer) => void {
  let rest: Buffer | undefined = Buffer.alloc(0);
  return (chunk) => {
    if (rest === undefined) return;
    rest = Buffer.concat([rest, chunk]);
    // A letter, then the length of all but the letter.
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const [type] = rest;
      const end: number = rest.readUInt32BE(1) + 1;
      if (type === ready) {
        rest = undefined;
        return;
      }
      if ((type === error || type === notice) && !endsWithFields(rest.subarray(5, end)))
        throw new Error('received invalid response: an error without an end');
      rest = rest.subarray(Math.max(end, 1));
    }
  };
}

/** Whether a list of fields is empty, or its last one and the list itself are closed by a zero each. */
function endsWithFields(content: Buffer): boolean {
  return content[0] === 0 || content.subarray(-2).equals(Buffer.alloc(2));
}
