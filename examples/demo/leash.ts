// Loaded before each program of the demo: it ends with the process that started it, however that one ends.
process.on('disconnect', () => process.exit())

export {}
