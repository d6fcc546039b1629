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

// Killed while the table of records was made, and nothing else: what was executed there next was replayed in tenants without that table.
const atTheTableOfRecords: FaultChoices = {
  length: 11,
  numbers: [
    5626, 3046, 3169, 1694, 4098, 4494, 4867, 381, 6576, 8499, 1787, 5714, 8346, 7081, 4030, 1499, 2613, 2111,
    6882, 5365, 5681, 9487, 2973, 2958, 6641, 2440, 8367, 6131, 6128, 911, 4092, 4952, 74, 6650, 5354, 6394,
    4920, 4537, 1589, 8721, 8365, 9737, 9689, 2257, 7523, 6321,
  ],
  parts: [0, 0.7, 0.7, 0, 0],
  lost: ['content types', 'permissions', 'content types', 'nothing', 'nothing'],
  share: 1.5e-323,
  choice: 3,
  resumes: true,
};

/** What once failed, by the name of the fault; it is tried each time. */
export const keptFaults: Readonly<Partial<Record<keyof typeof faults, readonly FaultChoices[]>>> = {
  'a command that is killed': [atTheTableOfRecords],
  'a command that is told to end': [beforeNewTenants],
  'a server that crashes': [beforeNewTenants],
};
