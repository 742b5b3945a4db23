/* text: Prometheus's text format 0.0.4. */
#include <trunkd/metrics.h>

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>

const double histogram_bounds[HISTOGRAM_BOUNDS] = { 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60 };

void metric_head(struct buf *b, const char *name, enum metric_type type, const char *help)
{
    static const char *const types[] = { [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram" };

    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

static void add_label(struct buf *b, bool first, const char *name, const char *value)
{
    buf_printf(b, "%s%s=\"", first ? "{" : ",", name);
    for (; *value; value++)
        if (*value == '\n')
            buf_adds(b, "\\n");
        else if (*value == '"' || *value == '\\')
            buf_printf(b, "\\%c", *value);
        else
            buf_addc(b, *value);
    buf_addc(b, '"');
}

void metric(struct buf *b, const char *name, double value, ...)
{
    bool first = true;
    va_list labels;

    buf_adds(b, name);
    va_start(labels, value);
    for (const char *label; (label = va_arg(labels, const char *)); first = false)
        add_label(b, first, label, va_arg(labels, const char *));
    va_end(labels);
    buf_printf(b, "%s %.15g\n", first ? "" : "}", value);
}

void histogram_add(struct histogram *h, double seconds)
{
    size_t i = 0;

    while (i < HISTOGRAM_BOUNDS && seconds > histogram_bounds[i])
        i++;
    h->counts[i]++;
    h->sum += seconds;
}

static void add_histogram_line(struct buf *b, const char *name, const char *part, const char *label, const char *value)
{
    buf_printf(b, "%s_%s", name, part);
    if (label)
        add_label(b, /* first= */ true, label, value);
}

void metric_histogram(struct buf *b, const char *name, const struct histogram *h, const char *label, const char *value)
{
    uint64_t total = 0;

    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        char bound[32] = "+Inf";
        total += h->counts[i];
        if (i < HISTOGRAM_BOUNDS)
            snprintf(bound, sizeof bound, "%g", histogram_bounds[i]);
        add_histogram_line(b, name, "bucket", label, value);
        add_label(b, /* first= */ !label, "le", bound);
        buf_printf(b, "} %" PRIu64 "\n", total);
    }
    add_histogram_line(b, name, "sum", label, value);
    buf_printf(b, "%s %.15g\n", label ? "}" : "", h->sum);
    add_histogram_line(b, name, "count", label, value);
    buf_printf(b, "%s %" PRIu64 "\n", label ? "}" : "", total);
}
