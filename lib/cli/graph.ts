import { BootstrapError } from '../errors/index.js';
import { drawDot, drawMermaid, drawText, toJson } from '../graph/index.js';
import { print } from './io.js';
import { load } from './load.js';
import type { ConfigOptions, SelectOptions } from './options.js';
import { nearest } from '../text/index.js';

const formats = ['text', 'mermaid', 'dot', 'json'] as const;

/** `db-bootstrap graph`: prints the tasks and their dependencies; needs no database. */
export async function graphCommand(
  options: ConfigOptions & SelectOptions & { readonly format?: string },
): Promise<number> {
  const format = formats.find((each) => each === (options.format ?? 'text'));
  if (format === undefined) {
    const near = nearest(options.format ?? '', formats);
    throw new BootstrapError({
      code: 'DBB1003',
      message: `there is no format "${options.format ?? ''}"`,
      place: { file: '--format' },
      help: near ? `did you mean "${near}"?` : `use one of ${formats.join(', ')}`,
    });
  }
  const { io, workflow } = await load(options);
  const nodes = [...workflow.tasks.values()];
  const drawings = {
    text: () => drawText(nodes, { columns: io.columns }),
    mermaid: () => drawMermaid(nodes),
    dot: () => drawDot(nodes),
    json: () => JSON.stringify(toJson(nodes), null, 2),
  };
  print(io.stdout, drawings[format]().trimEnd());
  return 0;
}
