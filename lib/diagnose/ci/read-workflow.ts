import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Document, LineCounter, Node, Scalar, YAMLMap } from 'yaml';
import type { Place } from '../../errors/index.js';
import { scriptOf, type Script } from './script.js';

/** A step of a job that runs commands. */
export interface Step {
  readonly script: Script;
  /** Where its or its job's `continue-on-error: true` stands. */
  readonly continues?: Place;
  /** Its `working-directory`. */
  readonly directory?: string;
}

/** A service container of a job. */
export interface Service {
  readonly name: string;
  readonly job: string;
  readonly image: string;
  /** The text of `options`. */
  readonly options?: { readonly text: string; readonly place: Place };
  readonly volumes: readonly { readonly text: string; readonly place: Place }[];
}

/** What of a GitHub Actions workflow file concerns the database. */
export interface WorkflowFile {
  readonly file: string;
  readonly steps: readonly Step[];
  readonly services: readonly Service[];
}

/** Reads a workflow file; places are relative to `root`. A file that is no YAML has no steps: GitHub says so itself. */
export async function readWorkflow(path: string, root: string): Promise<WorkflowFile> {
  const yaml = await import('yaml');
  const source = readFileSync(path, 'utf8');
  const counter = new yaml.LineCounter();
  const document = yaml.parseDocument(source, { lineCounter: counter, uniqueKeys: false });
  const file = relative(root, path);
  const reader = new Reader(yaml, file, source, counter, document, root);
  return { file, steps: reader.steps(), services: reader.services() };
}

type Yaml = typeof import('yaml');

class Reader {
  readonly #yaml: Yaml;
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #source: string;
  readonly #counter: LineCounter;
  readonly #document: Document;
  readonly #root: string;

  constructor(
    yaml: Yaml,
    file: string,
    source: string,
    counter: LineCounter,
    document: Document,
    root: string,
  ) {
    this.#yaml = yaml;
    this.#file = file;
    this.#source = source;
    this.#lines = source.split('\n');
    this.#counter = counter;
    this.#document = document;
    this.#root = root;
  }

  steps(): Step[] {
    const found: Step[] = [];
    const variables = this.#names(this.#map(this.#document.contents), 'env');
    for (const [job, body] of this.#jobs()) {
      const jobVariables = [...variables, ...this.#names(body, 'env')];
      const jobContinues = this.#continues(body);
      const list = body.get('steps', true);
      if (!this.#yaml.isSeq(list)) continue;
      for (const [index, item] of list.items.entries()) {
        const step = this.#map(item);
        const run = step?.get('run', true);
        if (!step || !this.#yaml.isScalar(run) || typeof run.value !== 'string') continue;
        const named = step.get('name');
        const name = typeof named === 'string' ? named : `step ${String(index + 1)}`;
        const shell = step.get('shell');
        const directory = step.get('working-directory');
        const { text, placeOf } = this.#located(run);
        const continues = this.#continues(step) ?? jobContinues;
        found.push({
          script: scriptOf({
            text,
            placeOf,
            subject: { file: this.#file, job, step: name },
            label: `step "${name}" of job "${job}"`,
            folder: this.#root,
            variables: new Set([...jobVariables, ...this.#names(step, 'env')]),
            // GitHub's own shell stops at errors but not in pipelines; named as "bash" it has pipefail.
            pipefail: shell === 'bash' || /set\s+-[a-z]*o\s+pipefail|set\s+-[a-z]+o\s*pipefail/.test(text),
          }),
          ...(continues ? { continues } : {}),
          ...(typeof directory === 'string' ? { directory } : {}),
        });
      }
    }
    return found;
  }

  services(): Service[] {
    return this.#jobs().flatMap(([job, body]) => {
      const services = this.#map(body.get('services', true));
      return (services?.items ?? []).flatMap(({ key, value }) => {
        const service = this.#map(value);
        if (!service) return [];
        const image = service.get('image');
        const options = service.get('options', true);
        const volumes = service.get('volumes', true);
        return [
          {
            name: String(key),
            job,
            image: typeof image === 'string' ? image : '',
            ...(this.#yaml.isScalar(options)
              ? { options: { text: String(options.value), place: this.#placeOf(options) } }
              : {}),
            volumes: this.#yaml.isSeq(volumes)
              ? volumes.items.flatMap((item) =>
                  this.#yaml.isScalar(item) ? [{ text: String(item.value), place: this.#placeOf(item) }] : [],
                )
              : [],
          },
        ];
      });
    });
  }

  #jobs(): [string, YAMLMap][] {
    const jobs = this.#map(this.#map(this.#document.contents)?.get('jobs', true));
    return (jobs?.items ?? []).flatMap(({ key, value }) => {
      const body = this.#map(value);
      return body ? [[String(key), body] as [string, YAMLMap]] : [];
    });
  }

  #map(node: unknown): YAMLMap | undefined {
    return this.#yaml.isMap(node) ? node : undefined;
  }

  #names(map: YAMLMap | undefined, key: string): string[] {
    return (this.#map(map?.get(key, true))?.items ?? []).map((pair) => String(pair.key));
  }

  #continues(map: YAMLMap): Place | undefined {
    const node = map.get('continue-on-error', true);
    return this.#yaml.isScalar(node) && node.value === true ? this.#placeOf(node) : undefined;
  }

  #placeOf(node: Node): Place {
    const [start = 0, end = start] = node.range ?? [];
    return this.#at(start, Math.max(1, end - start));
  }

  #at(offset: number, length: number): Place {
    const { line, col } = this.#counter.linePos(offset);
    const source = this.#lines[line - 1] ?? '';
    const rest = Math.max(1, source.length - col + 1);
    return { file: this.#file, line, column: col, length: Math.min(length, rest), source };
  }

  /** A scalar's text as it is written, and where each part of it stands. Folded lines are joined as YAML joins them. */
  #located(node: Scalar): { text: string; placeOf: (offset: number, length: number) => Place } {
    const [start = 0, end = start] = node.range ?? [];
    const raw = this.#source.slice(start, end);
    const isBlock = /^[|>]/.test(raw);
    const isFolded = raw.startsWith('>') || (!isBlock && raw.includes('\n'));
    const offsets: number[] = [];
    let text = '';
    let at = isBlock ? raw.indexOf('\n') + 1 : /^['"]/.test(raw) ? 1 : 0;
    const stop = isBlock || !/['"]$/.test(raw) ? raw.length : raw.length - 1;
    while (at < stop) {
      const lineEnd = raw.indexOf('\n', at);
      const to = lineEnd < 0 || lineEnd > stop ? stop : lineEnd;
      const line = raw.slice(at, to);
      const indent = line.length - line.trimStart().length;
      for (let index = indent; index < line.length; index++) {
        text += line.charAt(index);
        offsets.push(start + at + index);
      }
      if (to < stop) {
        text += isFolded ? ' ' : '\n';
        offsets.push(start + to);
      }
      at = to + 1;
    }
    return { text, placeOf: (offset, length) => this.#at(offsets[offset] ?? start, length) };
  }
}
