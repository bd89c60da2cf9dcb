/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hypercall answers when it refuses. A refusal has changed nothing, unless the call's own text says that it
 * reports progress. Results are negative: -HC_x. abi_error_text() gives the sentence that tools and guests print.
 */
#ifndef CAMBIUM_ABI_ERROR_H
#define CAMBIUM_ABI_ERROR_H

#define HC_ERRORS(E)                                                                                                   \
	E(1, HC_ENOSYS, "no such hypercall")                                                                           \
	E(2, HC_EPERM, "the domain lacks the capability for this")                                                     \
	E(3, HC_EFAULT, "an argument points to memory that the domain cannot read or write")                           \
	E(4, HC_EINVAL, "an argument is out of its range")                                                             \
	E(5, HC_ENODOM, "no such domain, or its id is of an older generation")                                         \
	E(6, HC_ESTATE, "the domain is not in the state that this needs")                                              \
	E(7, HC_ENOMEM, "the machine has no free frame that is not promised to another domain")                        \
	E(8, HC_EPORT, "no such event port, or it is not of the kind that this needs")                                 \
	E(9, HC_ENOPORT, "no free event port")                                                                         \
	E(10, HC_EGRANT, "no such grant, or it does not name this domain")                                             \
	E(11, HC_ENOGRANT, "no free grant reference or mapping record")                                                \
	E(12, HC_EBUSY, "still in use: a mapping or a reference remains")                                              \
	E(13, HC_EREADONLY, "the grant is read-only")                                                                  \
	E(14, HC_EFRAME, "the frame is not the domain's own")                                                          \
	E(15, HC_ETYPE, "the frame is in use as another type: table, writable and executable exclude each other")      \
	E(16, HC_EENTRY, "the page-table entry has bits that it must not have")                                        \
	E(17, HC_ENOTABLE, "no page table covers the address")                                                         \
	E(18, HC_EADDRESS, "the address is not a guest address of the needed alignment")                               \
	E(19, HC_ESEALED, "the domain or the machine is sealed")                                                       \
	E(20, HC_EDEVICE, "no such device, or it is not the domain's")                                                 \
	E(21, HC_ECONFIG, "this field of the configuration space is not the owner's to write")                         \
	E(22, HC_EAGAIN, "bounded work is not finished: ask again")                                                    \
	E(23, HC_ENOSLOT, "no such slot, or it is occupied")                                                           \
	E(24, HC_EGRANTED, "the entry belongs to a grant mapping: unmap the grant")                                    \
	E(25, HC_ENOVECTOR, "no free interrupt vector")                                                                \
	E(26, HC_EFRAMEREF, "the frame has too many references")                                                       \
	E(27, HC_ELINKED, "the table is linked or holds grant mappings: unlink and unmap first")                       \
	E(28, HC_EUNPINNED, "the frame is not pinned as a table of the level below")                                   \
	E(29, HC_ERUN, "not an aligned run of frames that are all the domain's own")                                   \
	E(30, HC_ETEXT, "the frame held the domain's text when it was sealed: it stays what it is")                    \
	E(31, HC_ELIMIT, "the domain has as many frames as it may have now")                                           \
	E(32, HC_EIMAGE, "no such image, or it is not in the state that this needs")                                   \
	E(33, HC_EFAULTS, "the device was stopped: it kept reaching for memory that its owner gave it no access to")   \
	E(34, HC_EWEIGHT, "a weight is 1 to 65535")                                                                    \
	E(35, HC_EWARP, "a warp value is at most 100 ms of virtual time")                                              \
	E(36, HC_EWARPTIME, "a warp limit or an unwarp requirement is at most a minute")                               \
	E(37, HC_EUNWARP, "an unwarp requirement without a warp limit would never apply")                              \
	E(38, HC_ECAP, "a cap is at most 1000 thousandths of a CPU")                                                   \
	E(39, HC_EAFFINITY, "none of these CPUs exists")                                                               \
	E(40, HC_ELINK, "no such link: the backend does not serve this domain")

enum abi_error {
	HC_OK = 0,
#define HC_ERROR_ENUM(number, name, text) name = number,
	HC_ERRORS(HC_ERROR_ENUM)
#undef HC_ERROR_ENUM
};

/* The sentence for @error, given as HC_x or as the negative result of a hypercall. Never NULL. */
static inline const char *abi_error_text(long long error)
{
	switch (error < 0 ? -error : error) {
	case HC_OK: return "no error";
#define HC_ERROR_TEXT(number, name, text)                                                                              \
	case number: return text;
		HC_ERRORS(HC_ERROR_TEXT)
#undef HC_ERROR_TEXT
	default: return "unknown error";
	}
}

#endif
