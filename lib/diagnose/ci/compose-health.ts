import { isScalar } from 'yaml';
import { environmentOf, type StartedService } from './compose.js';
import type { Service } from './read-workflow.js';

/** A started service of a compose file, with its health command, for the rules about services. */
export function composeService({ name, service, file }: StartedService, job: string): Service {
  const check = file.mapAt(service, 'healthcheck');
  const whole = file.scalar(check, 'test');
  const [kind, ...items] = file.list(check, 'test').filter((item) => isScalar(item));
  const [first] = kind?.value === 'NONE' ? [] : items;
  const node = whole ?? first;
  const text = whole ? String(whole.value) : items.map(({ value }) => String(value)).join(' ');
  return {
    name,
    job,
    image: file.text(service, 'image') ?? '',
    env: environmentOf(service, file),
    // Its volumes stand beside the checkout: they hold what they should.
    volumes: [],
    ...(node ? { health: { text, place: file.placeOf(node), as: 'healthcheck' } } : {}),
  };
}
