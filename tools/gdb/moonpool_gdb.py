"""Pretty printers of gdb for pool, slot, checkout, connection and result.

    (gdb) source tools/gdb/moonpool_gdb.py
    (gdb) print *pool
    $1 = pool of at most 10: 1 idle, 2 lent, 3 waiting = {...

They only read memory, so that they work on a core dump, too. docs/tracing.md tells more.
"""

import gdb
import gdb.printing


def name_of(enum):
    """MP_CONNECTION_BUSY and MP__SLOT_LENT: "busy" and "lent"."""
    return str(enum).split("_")[-1].lower()


def text_of(array):
    return array.string(errors="replace").split("\0")[0]


def is_null(pointer):
    return int(pointer) == 0


def members(first, link):
    """A list's members, from the first on, as pointers."""
    while not is_null(first):
        yield first
        first = first[link]


def holder_text(holder):
    if is_null(holder):
        return "nobody known"
    return "task %d at %s" % (int(holder["task"]), text_of(holder["where"]) or "an unknown place")


def plural(count, word):
    return "%d %s%s" % (count, word, "" if count == 1 else "s")


class Pool:
    """Counts; then each connection, and who waits."""

    def __init__(self, value):
        self.value = value

    def lists(self):
        """The name of each state that has slots, and its list."""
        states = gdb.lookup_type("mp__slot_state").fields()
        lists = self.value["slots"]["lists"]
        for field in states[:-1]:  # the last one counts them
            if int(lists[field.enumval]["count"]) > 0:
                yield name_of(field.name), lists[field.enumval]

    def to_string(self):
        counts = ["%d %s" % (int(slots["count"]), name) for name, slots in self.lists()]
        if int(self.value["queue"]["count"]) > 0:
            counts.append("%d waiting" % int(self.value["queue"]["count"]))
        return "%spool of at most %d: %s" % (
            "closed " if bool(self.value["closed"]) else "",
            int(self.value["slots"]["capacity"]),
            ", ".join(counts) or "no connection",
        )

    def children(self):
        for name, slots in self.lists():
            if name == "free":
                continue
            for number, slot in enumerate(members(slots["first"], "next")):
                yield "%s[%d]" % (name, number), slot.dereference()
        for number, checkout in enumerate(members(self.value["queue"]["first"], "next")):
            yield "waiting[%d]" % number, checkout.dereference()


class Slot:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        state = name_of(self.value["state"])
        by = " to " + holder_text(self.value["holder"]) if state == "lent" else ""
        return state + by + (", suspect" if bool(self.value["suspect"]) else "")

    def children(self):
        if not is_null(self.value["connection"]):
            yield "connection", self.value["connection"].dereference()


class Checkout:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return "checkout of %s, %s" % (holder_text(self.value["holder"]), name_of(self.value["state"]))


class Connection:
    """State, what runs or ran last, and what is unusual about it."""

    FLAGS = ("pipelined", "is_script", "draining", "stale", "timed_out", "needs_reset")

    def __init__(self, value):
        self.value = value

    def to_string(self):
        number = int(self.value["number"])
        text = "connection%s, %s" % (" c%d" % number if number > 0 else "", name_of(self.value["state"]))
        flags = [name for name in self.FLAGS if bool(self.value[name])]
        if flags:
            text += " (%s)" % ", ".join(flags)
        text += ", %s kept" % plural(int(self.value["known"]["count"]), "statement")
        last = text_of(self.value["last"]["text"])
        return text + (": " + " ".join(last.split()) if last else "")


class Result:
    """Rows, and the type of each column as our codecs call it."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        width = int(self.value["width"])
        names = [self.value["columns"][i]["codec"]["name"].string() for i in range(width)]
        return "result of %s: %s" % (plural(int(self.value["rows"]), "row"), ", ".join(names) or "no columns")


PRINTERS = {
    "mp_pool": Pool,
    "mp__slot": Slot,
    "mp_checkout": Checkout,
    "mp_connection": Connection,
    "mp_result": Result,
}


def find_printer(value):
    kind = value.type.strip_typedefs()
    printer = PRINTERS.get(kind.tag) if kind.code == gdb.TYPE_CODE_STRUCT else None
    return printer(value) if printer is not None else None


find_printer.name, find_printer.enabled = "moonpool", True
gdb.printing.register_pretty_printer(None, find_printer, replace=True)
