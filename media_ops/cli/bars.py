"""Progress bars on a terminal: one for each stage or segment at work, one for all segments that are processed."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from media_ops.crew import Event


class Bars:
    """Shows events on stderr; finished segments leave their line to the next ones."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._lines: dict[tuple[str, int | None], TaskID] = {}
        self._planned: dict[int, Event] = {}
        self._done: dict[int, int] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Bring the bars up to date."""
        place = (event.stage, event.order)
        if event.state == "planned" and event.order is not None:
            self._planned[event.order] = event
            self._count_all(event.order, 0)
        elif event.state == "started":
            planned = self._planned_for(event)
            name = event.stage if event.order is None else f"{event.stage} {event.order}"
            if planned:
                name = f"segment {event.order}  {planned.message}"
            self._lines[place] = self._progress.add_task(name, total=planned.total if planned else event.total)
        elif event.state == "progress":
            self._progress.update(self._lines[place], completed=event.done, total=event.total)
            if self._planned_for(event) and event.order is not None:
                self._count_all(event.order, event.done)
        elif event.state == "retried":
            self._progress.console.print(f"trying again: {event.message}", markup=False, style="yellow")
            self._progress.reset(self._lines[place])
        else:
            self._progress.remove_task(self._lines.pop(place))
            planned = self._planned_for(event)
            if planned and event.order is not None and event.state == "finished":
                self._count_all(event.order, planned.total or 0)

    def _planned_for(self, event: Event) -> Event | None:
        """Segments are planned once; other stages may work on them before."""
        if event.order is None or event.stage not in ("process", "measure"):
            return None
        return self._planned.get(event.order)

    def _count_all(self, order: int, done: int) -> None:
        self._done[order] = done
        total = sum(event.total or 0 for event in self._planned.values())
        place = ("all", None)
        if place not in self._lines:
            self._lines[place] = self._progress.add_task("all segments", total=total)
        self._progress.update(self._lines[place], completed=sum(self._done.values()), total=total)
