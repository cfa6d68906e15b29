import { chapters } from './chapters.ts'
import { runTable } from './table.ts'

runTable(chapters)
