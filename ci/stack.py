"""`python3 -m ci.stack COMMAND STACK`: the Pulumi CLI on one stack, without questions.

preview: what the checkout would change. policies: whether that keeps the policies. deploy: change
it, and see that nothing is left to do. drift: turn the token if its week has changed, and write
what differs from what was deployed into `build/drift.md`, empty where nothing does.

Exit status 0: done, drift or not; 1: it could not be done or looked at, and why.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ci.plan import Step, listed, messages, steps
from ci.surroundings import exit_status, summarised
from offline.errors import UserError

DRIFT = Path("build", "drift.md")
_PACK = Path("policy")
# What a new calendar week changes at a commit that is deployed already: the token, and with it how
# Grafana is entered.
_OF_A_WEEK = {
    "aws:grafana/workspaceServiceAccountToken:WorkspaceServiceAccountToken",
    "pulumi:providers:grafana",
}


def main(arguments: list[str]) -> int:
    """Run the command; its exit status."""
    return exit_status(lambda: _run(arguments))


def _run(arguments: list[str]) -> None:
    match arguments:
        case ["preview", stack]:
            summarised(f"## `pulumi preview` of {stack}\n\n{listed(_planned(stack))}")
        case ["policies", stack]:
            _policies(stack)
        case ["deploy", stack]:
            _deploy(stack)
        case ["drift", stack]:
            _drift(stack)
        case _:
            raise UserError("say `python3 -m ci.stack preview|policies|deploy|drift STACK`")


def _policies(stack: str) -> None:
    # The engine takes the first python3 on PATH for that of the pack.
    programs = _PACK / ".venv/bin"
    if not programs.is_dir():
        raise UserError(f"{programs} is not there: `make policy` installs what the pack needs")
    env = {**os.environ, "PATH": f"{programs.resolve()}:{os.environ['PATH']}"}
    command = ["pulumi", "preview", "--non-interactive", "--suppress-outputs", "-s", stack]
    done = subprocess.run(  # noqa: S603 - the Pulumi CLI on PATH
        [*command, "--policy-pack", str(_PACK)], env=env, check=False
    )
    if done.returncode:
        raise UserError(f"{stack} breaks a policy, or could not be previewed: see above")


def _deploy(stack: str) -> None:
    _up(stack)
    if left := _planned(stack, "--refresh"):
        raise UserError(
            f"{stack} is deployed, and what there is differs from what was declared:\n"
            f"{listed(left)}\nSomebody changed it past the engine, or AWS did not take it; "
            f"`pulumi up --refresh -s {stack}` puts back what was declared"
        )
    summarised(f"## {stack} is deployed\n\nWhat there is is what was declared.")


def _drift(stack: str) -> None:
    DRIFT.parent.mkdir(exist_ok=True)
    DRIFT.unlink(missing_ok=True)
    planned = _planned(stack)
    # The commit is deployed already. Whatever else it would change is looked at by somebody first.
    if planned and all(map(_of_a_week, planned)):
        _up(stack)
    differs = _planned(stack, "--refresh")
    DRIFT.write_text(f"{listed(differs)}\n" if differs else "")
    summarised(f"## Drift of {stack}\n\n{listed(differs)}")


def _of_a_week(step: Step) -> bool:
    # While the new token is not known, nothing is known of what is in Grafana: a step of no field.
    return step.type in _OF_A_WEEK or (step.type.startswith("grafana:") and not step.fields)


def _planned(stack: str, *options: str) -> tuple[Step, ...]:
    """What the checkout would change; with `--refresh`, of what there is and not of the state."""
    command = ["pulumi", "preview", "--json", "--non-interactive", "-s", stack, *options]
    done = subprocess.run(  # noqa: S603 - the Pulumi CLI on PATH
        command, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"pulumi preview of {stack} failed:\n{messages(done.stdout)}")
    return steps(done.stdout)


def _up(stack: str) -> None:
    # Outputs name who is behind each contact point, and a run's log may be read by everybody.
    command = ["pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs", "-s", stack]
    if subprocess.run([*command, "--non-interactive"], check=False).returncode:  # noqa: S603
        raise UserError(
            f"pulumi up of {stack} failed; what it had done is in the state. Mend the cause and "
            "run this again; where it was killed, docs/troubleshooting.md says what comes first"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
