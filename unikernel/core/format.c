/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatting for crash reports. Invariant: at < size - 1 before every byte written, so the NUL always fits. */
#include <stdbool.h>
#include <stdint.h>

#include "format.h"

struct sink {
	char *out;
	size_t size, at;
};

static void put(struct sink *s, char c)
{
	if (s->at + 1 < s->size)
		s->out[s->at++] = c;
}

static void put_text(struct sink *s, const char *text, unsigned width)
{
	size_t n = 0;

	for (text = text ? text : "(null)"; text[n]; n++)
		put(s, text[n]);
	for (; n < width; n++)
		put(s, ' ');
}

static void put_number(struct sink *s, uint64_t v, unsigned base, unsigned width, bool zero, bool minus)
{
	char digits[24];
	unsigned n = 0, shown;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	shown = n + minus;
	for (; !zero && shown < width; shown++)
		put(s, ' ');
	if (minus)
		put(s, '-');
	for (; zero && shown < width; shown++)
		put(s, '0');
	while (n)
		put(s, digits[--n]);
}

struct spec {
	unsigned width;
	bool zero, wide;
	char kind;
};

static const char *parse(const char *p, struct spec *spec)
{
	*spec = (struct spec){.zero = *p == '0'};
	for (; *p >= '0' && *p <= '9'; p++)
		spec->width = spec->width * 10 + (unsigned)(*p - '0');
	for (; *p == 'l' || *p == 'z'; p++)
		spec->wide = true;
	spec->kind = *p;
	return *p ? p + 1 : p;
}

/* The list travels inside a structure, since a va_list parameter may be an array. */
struct args {
	va_list list;
};

static void convert(struct sink *s, const struct spec *spec, struct args *a)
{
	int64_t d;

	switch (spec->kind) {
	case 's': put_text(s, va_arg(a->list, const char *), spec->width); break;
	case 'c': put(s, (char)va_arg(a->list, int)); break;
	case '%': put(s, '%'); break;
	case 'd':
		d = spec->wide ? va_arg(a->list, int64_t) : va_arg(a->list, int);
		put_number(s, d < 0 ? 0 - (uint64_t)d : (uint64_t)d, 10, spec->width, spec->zero, d < 0);
		break;
	case 'u':
	case 'x':
		put_number(s, spec->wide ? va_arg(a->list, uint64_t) : va_arg(a->list, unsigned),
			   spec->kind == 'u' ? 10 : 16, spec->width, spec->zero, false);
		break;
	case 'p':
		put_text(s, "0x", 0);
		put_number(s, (uint64_t)(uintptr_t)va_arg(a->list, void *), 16, spec->width, spec->zero, false);
		break;
	default: put(s, '%'); put(s, spec->kind);
	}
}

size_t format_list(char *out, size_t size, const char *format, va_list list)
{
	struct sink s = {.out = out, .size = size};
	struct args a;
	struct spec spec;

	va_copy(a.list, list);
	while (*format) {
		if (*format != '%') {
			put(&s, *format++);
			continue;
		}
		format = parse(format + 1, &spec);
		convert(&s, &spec, &a);
	}
	va_end(a.list);
	out[s.at] = '\0';
	return s.at;
}

size_t format_text(char *out, size_t size, const char *format, ...)
{
	va_list list;
	size_t n;

	va_start(list, format);
	n = format_list(out, size, format, list);
	va_end(list);
	return n;
}
