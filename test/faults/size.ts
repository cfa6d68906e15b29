/** The long form of the rows in this folder, which `npm run test:faults` runs. */
export const isFull: boolean = process.env['ONBEHALF_FAULTS'] === 'full'
