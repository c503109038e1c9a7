"""How long requests took: a histogram of three digits, from a microsecond to a minute."""

from hdrh.histogram import HdrHistogram

NANOSECONDS_MAX = 60_000_000_000


class Latencies:
    """Times from when each request was due, or was sent where nothing says when it was due."""

    def __init__(self):
        self.histogram = HdrHistogram(1_000, NANOSECONDS_MAX, 3)

    def add(self, nanoseconds):
        self.histogram.record_value(min(int(nanoseconds), NANOSECONDS_MAX))

    def count(self):
        return self.histogram.get_total_count()

    def microseconds(self, *percents):
        """The times that so many percent of the requests kept."""
        return [self.histogram.get_value_at_percentile(one) / 1_000 for one in percents]

    def longest(self):
        """In microseconds."""
        return self.histogram.get_max_value() / 1_000
