import type { Writable } from 'node:stream';
import {
  DefaultRenderer,
  ListrDefaultRendererLogLevels as Level,
  ListrLogger,
  ProcessOutput,
  type ListrTask,
} from 'listr2';
import { painter } from './format.js';
import type { ReporterOptions } from './options.js';

/** The terminal while rows are drawn on it. */
export interface Drawing {
  readonly renderer: typeof Renderer;
  readonly rendererOptions: NonNullable<ConstructorParameters<typeof Renderer>[1]>;
  /** A task without a title: what it prints stands below the rows. */
  readonly notes: ListrTask;
  /** Shows a line below the rows. */
  note(text: string): void;
  /** Lets the drawing end. */
  end(): void;
}

/** listr2's renderer, for any stream: whether it is a terminal was decided before. */
class Renderer extends DefaultRenderer {
  static override nonTTY = true;
}

const showCursor = '\u001b[?25h';

/** listr2 keeps what is printed by others while it draws, and hides the cursor; both must be undone however the process ends. */
class Terminal extends ProcessOutput {
  constructor(private readonly streams: { readonly stdout: Writable; readonly stderr: Writable }) {
    super(terminal(streams.stdout), terminal(streams.stderr), { leaveEmptyLine: false });
  }

  override hijack(): void {
    super.hijack();
    const { stderr } = this.streams;
    const keep = stderr.write.bind(stderr);
    // What gives the cursor back when a signal ends the process writes to standard error, and must get through.
    const write = (...args: Parameters<Writable['write']>): boolean =>
      args[0] === showCursor ? this.toStderr(showCursor, false) : keep(...args);
    Object.assign(stderr, { write });
  }

  restore(): void {
    if (this.active) this.release();
  }
}

function terminal(stream: Writable): NodeJS.WriteStream | undefined {
  return isTerminal(stream) ? stream : undefined;
}

/** listr2 only writes to it: any stream will do. */
function isTerminal(stream: Writable): stream is NodeJS.WriteStream {
  return typeof stream.write === 'function';
}

const shownNotes = 3;

/** Prepares the terminal: our icons and colours, and the cursor shown again however the process ends. */
export function drawing(options: ReporterOptions): Drawing {
  const paint = painter(options.color);
  const output = new Terminal(options);
  const restore = (): void => output.restore();
  process.once('exit', restore);
  let write: ((text: string) => void) | undefined;
  const waiting: string[] = [];
  let finish = (): void => undefined;
  const ended = new Promise<void>((resolve) => (finish = resolve));
  return {
    renderer: Renderer,
    rendererOptions: {
      logger: new ListrLogger({ useIcons: true, processOutput: output }),
      formatOutput: 'truncate',
      // The title is the whole row, whatever the state.
      collapseErrors: false,
      showErrorMessage: false,
      collapseSkips: false,
      showSkipMessage: false,
      suffixRetries: false,
      icon: { [Level.WAITING]: '·', [Level.SKIPPED_WITHOUT_COLLAPSE]: '↓', [Level.ROLLED_BACK]: '⚠' },
      color: {
        [Level.WAITING]: (text) => paint('dim', text ?? ''),
        [Level.PENDING]: (text) => paint('cyan', text ?? ''),
        [Level.COMPLETED]: (text) => paint('green', text ?? ''),
        [Level.FAILED]: (text) => paint('red', text ?? ''),
        [Level.SKIPPED_WITHOUT_COLLAPSE]: (text) => paint('dim', text ?? ''),
        [Level.ROLLED_BACK]: (text) => paint('yellow', text ?? ''),
      },
    },
    notes: {
      task: async (_context, wrapper): Promise<void> => {
        write = (text) => (wrapper.output = text);
        waiting.forEach(write);
        await ended;
        process.removeListener('exit', restore);
      },
      rendererOptions: { bottomBar: shownNotes },
    },
    note(text) {
      if (write) write(text);
      else waiting.push(text);
    },
    end: () => finish(),
  };
}
