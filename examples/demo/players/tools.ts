import { createApp } from '../../express-api/app.ts'
import { playService } from '../service.ts'

await playService({}, ({ options }) => createApp(options))
