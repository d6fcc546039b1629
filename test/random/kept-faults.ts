import type { FaultChoices } from './fault-trial.js';
import type { faults } from './faults.js';

// Two states of a fleet, the first of whose canaries is where it ends: nobody told what became of the tenants in the second.
const beforeNewTenants: FaultChoices = {
  length: 8,
  numbers: [
    840, 634, 9400, 8204, 3104, 6097, 2858, 9690, 1501, 6385, 4382, 113, 8914, 3748, 6817, 8931, 9458, 2652,
    2293, 5662, 1844, 4343, 7314, 3530, 1710, 5145, 6014, 5137, 6543,
  ],
  parts: [0.7, 0, 0.7, 0.7],
  lost: ['permissions', 'nothing', 'nothing', 'nothing', 'permissions'],
  share: 8.269740339635304e-74,
  choice: 9996,
  resumes: false,
};

/** What once failed, by the name of the fault; it is tried each time. */
export const keptFaults: Readonly<Partial<Record<keyof typeof faults, readonly FaultChoices[]>>> = {
  'a command that is told to end': [beforeNewTenants],
  'a server that crashes': [beforeNewTenants],
};
