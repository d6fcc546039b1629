import fc from 'fast-check';
import type { GraphNode } from '../../lib/graph/index.js';

const awkward = fc.constantFrom(
  'a b',
  'say "hi"',
  "it's",
  'x ─► y',
  'end',
  'a#35;b',
  'back\\slash',
  'new\nline',
  '<b>',
  '[x]',
  'ü',
  '表',
  '\u202eabc',
  'a;b',
  '-->',
  '',
);

/** Random acyclic graphs: a node may need or follow only nodes declared before it, and then the declarations are shuffled. */
export function graphs(options: { size?: number } = {}): fc.Arbitrary<GraphNode[]> {
  const node = fc.record({
    name: fc.oneof(
      { weight: 3, arbitrary: fc.stringMatching(/^[a-z]{1,6}(-[a-z]{1,5})?$/) },
      { weight: 1, arbitrary: awkward },
    ),
    before: fc.array(fc.record({ index: fc.nat(), via: fc.constantFrom('needs', 'after') }), {
      maxLength: 4,
    }),
    enabled: fc.boolean().chain((first) => fc.boolean().map((second) => first || second)),
    weight: fc.nat(),
  });
  return fc
    .uniqueArray(node, { maxLength: options.size ?? 12, selector: (each) => each.name })
    .map((drafts) => {
      const nodes = drafts.map(({ name, before, enabled, weight }, index) => {
        const names = (via: string): string[] =>
          index === 0
            ? []
            : before.filter((each) => each.via === via).map((each) => drafts[each.index % index]!.name);
        return {
          weight,
          node: { name, use: 'command', needs: names('needs'), after: names('after'), enabled },
        };
      });
      return nodes.sort((a, b) => a.weight - b.weight).map((each) => each.node);
    });
}
