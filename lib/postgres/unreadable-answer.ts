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
    stream.emit = (event, ...args) => {
      try {
        return emit(event, ...args);
      } catch (error) {
        if (event !== 'data') throw error;
        stream.destroy(error);
        return true;
      }
    };
    attach(stream);
  };
}
