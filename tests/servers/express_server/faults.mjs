// Faults that the server can be started with: each replaces some of its classes by faulty subclasses.

import { INHERITING } from './faults/inheriting.mjs';
import { READING } from './faults/reading.mjs';
import { RESPONDING } from './faults/responding.mjs';
import { STORING } from './faults/storing.mjs';

export const FAULTS = [...READING, ...STORING, ...INHERITING, ...RESPONDING];
