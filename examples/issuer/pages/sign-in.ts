import { type Html, html } from './layout.ts'

export function signInPage(action: string, hasFailed: boolean): Html {
  const fault = hasFailed ? html`<p id="fault" role="alert">The name or the password is wrong.</p>` : undefined
  const told = hasFailed ? html` aria-describedby="fault" aria-invalid="true"` : undefined
  return html`${fault}<form method="post" action="${action}">
<label for="login">Name</label><input id="login" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus${told}>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required${told}>
<button class="main" type="submit" name="do" value="sign-in">Sign in</button>
</form>`
}
