/* SPDX-License-Identifier: BSD-2-Clause */
/* How a domain's memory is divided, and what follows from the words of its pages. */
#include <criterion/criterion.h>

#include <unikernel/core/frames.h>
#include <unikernel/core/room.h>

Test(unikernel_room, parts_follow_each_other_and_frame_numbers_lie_in_earlier_chunks)
{
	static const size_t starts[] = {40, 64, 128, 600, 4096}, rooms[] = {0, 64, 1000, 16384, 262144, 4194304};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(rooms); j++) {
			for (size_t first = 0; first < ROOM_CHUNK; first++) {
				struct room r;

				cr_assert(room_divide(&r, first, starts[i], rooms[j], 512));
				cr_assert_eq(r.start, first + starts[i]);
				cr_assert_geq(r.pages, r.start);
				cr_assert_leq(r.pages, first + MAX(starts[i], rooms[j]));
				cr_assert(first < r.frames_at && r.frames_at < r.own && r.own <= r.pool &&
					  r.pool <= r.heap);
				cr_assert(r.heap <= r.pages && r.pool <= r.start && r.own <= r.start);
				cr_assert_eq(r.frames_at + r.start_chunks, r.own);
				for (size_t c = 0; c < r.chunks; c++)
					cr_assert(c < r.start_chunks
							  ? room_frames_unit(&r, c) < r.own
							  : room_frames_unit(&r, c) < r.heap &&
								    room_frames_unit(&r, c) / ROOM_CHUNK < c);
			}
		}
	}
}

Test(unikernel_room, a_room_of_64_mib_costs_two_pages_at_start_and_too_little_is_refused)
{
	struct room r;

	cr_assert(room_divide(&r, 0, 64, 16384, 512));
	cr_assert_eq(r.pages, 16384);
	cr_assert_eq(r.own, 2);
	cr_assert_not(room_divide(&r, 0, 16, 16384, 512));
}

Test(unikernel_frames, entries_follow_from_words_and_are_never_executable)
{
	cr_assert_eq(frames_entry(0), 0);
	cr_assert_eq(frames_entry(FRAMES_MAPPING), 0);
	cr_assert_eq(frames_entry(5 | FRAMES_NONE), 0);
	cr_assert_eq(frames_entry(5), 0x5000 | PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX);
	cr_assert_eq(frames_entry(5 | FRAMES_READONLY | FRAMES_FIRST), 0x5000 | PTE_P | PTE_U | PTE_A | PTE_NX);
}

Test(unikernel_frames, a_run_is_aligned_consecutive_and_accessible_alike)
{
	uint64_t words[8];

	for (uint64_t i = 0; i < 8; i++)
		words[i] = 16 + i;
	words[3] |= FRAMES_FIRST | FRAMES_MAPPING;
	cr_assert(frames_are_run(words, 8));
	cr_assert_not(frames_are_run(words + 1, 4));
	cr_assert_eq(frames_alike(words, 0, 8), 3);
	words[5] |= FRAMES_READONLY;
	cr_assert_not(frames_are_run(words, 8));
	words[5] = 0;
	cr_assert_not(frames_are_run(words, 8));
	cr_assert_eq(frames_present(words, 8), 7);
}
