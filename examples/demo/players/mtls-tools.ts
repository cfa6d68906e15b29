import { createApp } from '../../express-api/app.ts'
import { playService } from '../service.ts'

await playService({ isSecure: true }, ({ options }) => createApp(options))
