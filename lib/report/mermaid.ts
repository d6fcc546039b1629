import { oneLine } from './format.js';
import type { TaskView } from './run-view.js';

/** The graph of a run as mermaid text, each task coloured by how it ended. */
export function renderMermaid(tasks: readonly TaskView[]): string {
  const ids = new Map(tasks.map(({ name }, index) => [name, `t${index}`]));
  const lines = ['flowchart LR'];
  for (const task of tasks) {
    lines.push(`  ${ids.get(task.name) ?? ''}["${escapeLabel(task.name)}"]:::${classOf(task)}`);
  }
  for (const task of tasks) {
    const to = ids.get(task.name) ?? '';
    for (const need of task.needs) if (ids.has(need)) lines.push(`  ${ids.get(need) ?? ''} --> ${to}`);
    for (const before of task.after) if (ids.has(before)) lines.push(`  ${ids.get(before) ?? ''} -.-> ${to}`);
  }
  return [
    ...lines,
    '  classDef fine fill:#dafbe1,stroke:#1a7f37,color:#1f2328',
    '  classDef warned fill:#fff8c5,stroke:#9a6700,color:#1f2328',
    '  classDef failed fill:#ffebe9,stroke:#cf222e,color:#1f2328',
    '  classDef undone fill:#f6f8fa,stroke:#6e7781,color:#1f2328,stroke-dasharray:4',
  ].join('\n');
}

function classOf({ end }: TaskView): string {
  switch (end?.status) {
    case 'succeeded':
    case 'up-to-date':
      return 'fine';
    case 'warned':
    case 'failed':
      return end.status;
    default:
      return 'undone';
  }
}

function escapeLabel(text: string): string {
  return oneLine(text).replace(/["#;<>&`]/g, (character) => `#${character.charCodeAt(0)};`);
}
