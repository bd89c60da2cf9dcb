/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm PEER JUDGE: two vCPUs that do to frames all that there is, against another domain that does the same to the same
 * frames, as fast as they can: offers made and revoked, mapped, copied from and into, frames given away, given back and
 * taken anew, turned into page tables and back, ports bound, notified and closed. Each page says what it is, so that
 * whoever sees one can tell whether he should. Begins, rests and ends as the judge says (storm_judge.c).
 */
#include "storm_worker.h"

#define TABLE_ENTRIES 4u
#define POKES 1000u
#define HEAVY 128u /* one round of so many */

static struct worker workers[STORM_LANES];
static uint32_t peer;
static uint8_t other_stack[16384] __attribute__((aligned(4096)));
static uint64_t other_tls[64];
static volatile bool other_done;

/* A page that the first vCPU exchanges for another one and back while the second looks at it. */
static struct {
	_Atomic uint32_t count; /* odd: in between */
	const volatile uint64_t *page;
	uint64_t mfn[2];
} flip;

/* --- what it has --- */

static void map_own(struct worker *w, unsigned o)
{
	number(w, "an own frame mapped", raw_map(w->va[o], w->mfn[o], RW), HC_OK);
}

static void unmap_own(struct worker *w, unsigned o)
{
	number(w, "an own frame unmapped", raw_unmap(w->va[o]), HC_OK);
}

/* A new frame, mapped. */
static void take_frame(struct worker *w, unsigned o)
{
	if (!number(w, "a frame taken", hc_memory_increase(&w->mfn[o], 1, 0), 1))
		return;
	map_own(w, o);
	if (!zeros(w, w->va[o]))
		hole(w, "a new frame is not empty", 0);
}

static void give_frame(struct worker *w, unsigned o)
{
	number(w, "a frame given back", hc_memory_decrease(&w->mfn[o], 1), 1);
}

static void publish(struct worker *w, unsigned o)
{
	uint32_t flags = o < STORM_PAGES ? GRANT_READONLY : o == STORM_GIFT ? GRANT_TRANSFER : 0;
	int64_t ref = raw_offer_result(peer, flags, w->mfn[o]);

	if (ref <= 0)
		hole(w, "an offer", ref);
	else
		w->mine->offer[o] = (uint64_t)++w->serial << 32 | (uint32_t)ref;
}

/* False: the peer uses it, it stays offered. */
static bool withdraw(struct worker *w, unsigned o)
{
	uint64_t offer = w->mine->offer[o];

	w->mine->offer[o] = 0;
	if (may(w, "an offer revoked", hc_grant_revoke((uint32_t)offer, 1), OK | OR(HC_EBUSY)))
		return true;
	w->mine->offer[o] = offer;
	return false;
}

static void renew(struct worker *w, unsigned o)
{
	if (!withdraw(w, o))
		return;
	if (o == STORM_MAIL) {
		uint64_t first = *(const volatile uint64_t *)w->va[o];

		if (!letters(w, w->va[o], NOTHING) || !letters(w, w->va[o], NOTHING) ||
		    first != *(const volatile uint64_t *)w->va[o])
			hole(w, "a letter is not one, or was written after the offer's end", 0);
	}
	if (!draw(w, HEAVY)) {
		unmap_own(w, o);
		give_frame(w, o);
		take_frame(w, o);
	}
	fill(w, w->va[o], o < STORM_PAGES ? 0 : o);
	if (!whole(w, w->va[o], own_slot, o < STORM_PAGES ? 0 : o))
		hole(w, "a page was written after the offer's end", 0);
	publish(w, o);
}

/* A frame that the peer may write becomes a page table and an ordinary frame again. It is mapped nowhere. */
static void table(struct worker *w)
{
	int64_t result = raw_pin(w->mfn[STORM_TABLE], 1);

	if (may(w, "a table pinned", result, OK | OR(HC_ETYPE) | OR(HC_EENTRY))) {
		for (unsigned i = 0; i < TABLE_ENTRIES; i++)
			number(w, "an entry written",
			       raw_mmu(MMU_UPDATE, w->mfn[STORM_TABLE], draw(w, 512), raw_entry(w->mfn[0], RO)), HC_OK);
		do
			result = raw_unpin(w->mfn[STORM_TABLE]);
		while (result == -HC_EAGAIN);
		number(w, "a table unpinned", result, HC_OK);
	}
	if ((result == -HC_EENTRY || !draw(w, 4)) && withdraw(w, STORM_TABLE)) {
		give_frame(w, STORM_TABLE);
		take_frame(w, STORM_TABLE);
		unmap_own(w, STORM_TABLE);
		publish(w, STORM_TABLE);
	}
}

static void wrap_gift(struct worker *w)
{
	fill(w, w->va[STORM_GIFT], STORM_GIFT);
	unmap_own(w, STORM_GIFT);
	publish(w, STORM_GIFT);
}

/* Whether the peer has it; only the peer knows, since the reference may be in use again. */
static bool gift_is_taken(struct worker *w)
{
	return w->theirs->took == w->mine->offer[STORM_GIFT];
}

static void another_gift(struct worker *w)
{
	if (!gift_is_taken(w))
		return;
	w->mine->offer[STORM_GIFT] = 0;
	take_frame(w, STORM_GIFT);
	wrap_gift(w);
}

/* --- what the peer has --- */

static bool map_theirs(struct worker *w, uint64_t offer, uint32_t flags)
{
	w->maps++;
	if (offer && may(w, "a reference mapped", raw_grant_map(peer, (uint32_t)offer, flags, w->window), OK | GONE))
		return true;
	w->maps++;
	return false;
}

static void unmap_theirs(struct worker *w)
{
	number(w, "a reference unmapped", hc_grant_unmap(w->window, 1), HC_OK);
	w->maps++;
}

static void read_mapped(struct worker *w, unsigned o)
{
	uint64_t offer = w->theirs->offer[o];
	uint32_t tag;

	if (!map_theirs(w, offer, GRANT_READONLY))
		return;
	if (w->theirs->offer[o] == offer) {
		tag = whole(w, w->window, peer_slot, 0);
		if (!draw(w, 4))
			hc_sched_yield();
		if (!tag || whole(w, w->window, peer_slot, 0) != tag)
			hole(w, "a mapped page is not what was offered, or changes", tag);
	}
	unmap_theirs(w);
}

static void read_copied(struct worker *w, unsigned o)
{
	uint64_t offer = w->theirs->offer[o];
	struct grant_copy copy = {.flags = GRANT_COPY_SRC_GRANT, .len = PAGE_SIZE, .src_domid = peer};
	uint32_t done;

	copy.src = (uint32_t)offer;
	copy.dst = w->scratch_mfn;
	if (offer && may(w, "a copy out of a reference", hc_grant_copy(&copy, 1, &done), OK | GONE) &&
	    w->theirs->offer[o] == offer && !whole(w, w->scratch, peer_slot, 0))
		hole(w, "a copied page is not what was offered", 0);
}

static void write_copied(struct worker *w)
{
	uint64_t offer = w->theirs->offer[STORM_MAIL];
	struct grant_copy copy = {.flags = GRANT_COPY_DST_GRANT, .len = PAGE_SIZE, .dst_domid = peer};
	uint32_t done;

	copy.dst = (uint32_t)offer;
	copy.src = w->scratch_mfn;
	fill(w, w->scratch, STORM_MAIL);
	if (offer)
		may(w, "a copy into a reference", hc_grant_copy(&copy, 1, &done), OK | GONE);
}

static void write_mapped(struct worker *w)
{
	uint64_t offer = w->theirs->offer[STORM_MAIL];

	if (!map_theirs(w, offer, 0))
		return;
	if (w->theirs->offer[STORM_MAIL] == offer)
		fill(w, w->window, STORM_MAIL);
	unmap_theirs(w);
}

static void touch_table(struct worker *w)
{
	uint64_t offer = w->theirs->offer[STORM_TABLE];

	if (!map_theirs(w, offer, 0))
		return;
	if (w->theirs->offer[STORM_TABLE] == offer && !letters(w, w->window, 0))
		hole(w, "a page table of the peer can be written", (int64_t) * (uint64_t *)w->window);
	unmap_theirs(w);
}

static void take_gift(struct worker *w)
{
	uint64_t offer = w->theirs->offer[STORM_GIFT], mfn, va = w->window + PAGE_SIZE;
	int64_t result;

	if (!offer || offer == w->mine->took)
		return;
	result = hc_grant_accept(peer, (uint32_t)offer);
	if (result <= 0) {
		may(w, "a gift taken", result ? result : -1, OR(HC_ELIMIT));
		return;
	}
	w->mine->took = offer;
	mfn = (uint64_t)result;
	number(w, "a gift mapped", raw_map(va, mfn, RW), HC_OK);
	if (!whole(w, va, peer_slot, STORM_GIFT))
		hole(w, "a gift is not what was given", 0);
	number(w, "a gift unmapped", raw_unmap(va), HC_OK);
	number(w, "a gift given back", hc_memory_decrease(&mfn, 1), 1);
}

/* --- events, time, translations --- */

static void open_port(struct worker *w)
{
	int64_t port = hc_event_alloc(peer, w->number);

	if (port <= 0) {
		hole(w, "a port", port);
		return;
	}
	__atomic_fetch_and(&((struct shared_info *)SHARED_VA)->pending[port / 64], ~(1ull << port % 64),
			   __ATOMIC_SEQ_CST);
	w->mine->port = (uint64_t)++w->serial << 32 | (uint32_t)port;
}

static void close_port(struct worker *w)
{
	uint64_t port = w->mine->port;
	bool told = w->theirs->sent == port;

	if (told && !(RAW_SHARED->pending[(uint32_t)port / 64] >> port % 64 & 1))
		hole(w, "an event was lost", (int64_t)port);
	w->mine->port = 0;
	number(w, "a port closed", hc_event_close((uint32_t)port), HC_OK);
}

static void notify(struct worker *w)
{
	uint64_t port = w->theirs->port;
	int64_t own;

	if (!port || port == w->port_seen)
		return;
	w->port_seen = port;
	own = hc_event_bind(peer, (uint32_t)port, w->number);
	if (own <= 0) {
		may(w, "a port bound", own ? own : -1, OR(HC_EPORT));
		return;
	}
	number(w, "an event", hc_event_send((uint32_t)own), HC_OK);
	w->mine->sent = port;
	number(w, "a bound port closed", hc_event_close((uint32_t)own), HC_OK);
}

static void look_at_clock(struct worker *w)
{
	uint64_t now = clock_ns();

	if (now < w->time)
		hole(w, "the clock went back", (int64_t)(w->time - now));
	w->time = now;
}

static void sleep_a_little(struct worker *w)
{
	uint64_t deadline = clock_ns() + draw(w, STORM_MOMENT);
	int64_t result = hc_sched_block(deadline);

	RAW_SHARED->vcpu[w->number].upcall_pending = 0;
	look_at_clock(w);
	if (result < 0 || (result == 1 && w->time < deadline))
		hole(w, "a sleep ended early", result);
}

static void flip_page(struct worker *w)
{
	uint32_t next = flip.count / 2 + 1;

	flip.count++;
	number(w, "frames exchanged", raw_map((uint64_t)flip.page, flip.mfn[next % 2], RW), HC_OK);
	flip.count++;
}

static void look_at_flip(struct worker *w)
{
	uint32_t before = flip.count;
	uint64_t seen = *flip.page;

	if (before % 2 == 0 && flip.count == before && seen != before / 2 % 2)
		hole(w, "the other vCPU's old translation is still in use", (int64_t)before);
}

static void poke(uint64_t address, uint64_t word)
{
	*(volatile uint64_t *)address = word;
}

/* Writes a letter's first word where the first vCPU maps something of the peer, until it does no more: then it must fault. */
static void write_behind(struct worker *w)
{
	uint64_t word = word_of(tag_of(own_slot, STORM_MAIL, w->serial), 0);
	uint32_t count = workers[0].maps;

	for (unsigned i = 0; i < POKES && count % 2; i++) {
		raw_try(poke, workers[0].window, word);
		count = workers[0].maps;
	}
	if (count % 2 == 0 && !raw_try(poke, workers[0].window, word) && workers[0].maps == count)
		hole(w, "what was unmapped can be written", (int64_t)count);
}

/* --- the course of it --- */

/* What every CPU has to be asked about, which takes a thousand times as long where the host has fewer processors. */
static void heavy(struct worker *w)
{
	switch (draw(w, 8)) {
	case 0: table(w); break;
	case 1: another_gift(w); break;
	case 2: take_gift(w); break;
	case 3: write_mapped(w); break;
	case 4: touch_table(w); break;
	case 5: sleep_a_little(w); break;
	default: read_mapped(w, draw(w, STORM_PAGES)); break;
	}
	if (!w->number)
		flip_page(w);
}

static void light(struct worker *w)
{
	switch (draw(w, 6)) {
	case 0: renew(w, draw(w, STORM_PAGES)); break;
	case 1: renew(w, STORM_MAIL); break;
	case 2: write_copied(w); break;
	case 3:
		close_port(w);
		open_port(w);
		break;
	default: read_copied(w, draw(w, STORM_PAGES)); break;
	}
}

static void round_of(struct worker *w)
{
	if (draw(w, HEAVY))
		light(w);
	else
		heavy(w);
	notify(w);
	look_at_clock(w);
	if (w->number) {
		look_at_flip(w);
		write_behind(w);
	}
	w->mine->rounds++;
}

static void begin(struct worker *w)
{
	for (unsigned o = 0; o < STORM_GIFT; o++)
		publish(w, o);
	wrap_gift(w);
	open_port(w);
}

static void wait_here(struct worker *w)
{
	RAW_SHARED->vcpu[w->number].upcall_pending = 0;
	hc_sched_block(clock_ns() + STORM_MOMENT);
}

/* Everything as it was before begin(). */
static void rest(struct worker *w)
{
	w->mine->calm = w->phase;
	while (w->theirs->calm < w->phase && board->phase != STORM_END)
		wait_here(w);
	for (unsigned o = 0; o < STORM_GIFT; o++)
		if (!withdraw(w, o))
			hole(w, "in use by a peer that rests", (int64_t)o);
	if (gift_is_taken(w))
		take_frame(w, STORM_GIFT);
	else if (withdraw(w, STORM_GIFT))
		map_own(w, STORM_GIFT);
	w->mine->offer[STORM_GIFT] = 0;
	close_port(w);
	w->mine->answered = w->phase;
}

static void work(struct worker *w)
{
	for (;;) {
		uint32_t phase = board->phase;

		if (phase == STORM_END)
			return;
		if (phase != w->phase) {
			w->phase = phase;
			if (phase % 2)
				begin(w);
			else
				rest(w);
		} else if (phase % 2) {
			round_of(w);
		} else {
			wait_here(w);
		}
	}
}

static void other_main(uint64_t argument)
{
	other_tls[0] = (uint64_t)other_tls;
	hc_vcpu_set_base(0, (uint64_t)other_tls);
	raw_start(0);
	work(&workers[argument]);
	other_done = true;
	hc_vcpu_stop();
}

static void prepare(struct worker *w, uint32_t lane, const struct storm_board *theirs)
{
	uint64_t pages = (uint64_t)pages_alloc(STORM_OBJECTS + 1);

	*w = (struct worker){.number = lane, .mine = &board->lane[lane], .theirs = &theirs->lane[lane]};
	w->random = own_slot * 2654435761u + lane + 1;
	w->window = window_alloc(2);
	for (unsigned o = 0; o < STORM_OBJECTS; o++) {
		w->va[o] = pages + o * PAGE_SIZE;
		w->mfn[o] = pages_mfn((void *)w->va[o]);
		fill(w, w->va[o], o < STORM_PAGES ? 0 : o);
	}
	memset((void *)w->va[STORM_TABLE], 0, PAGE_SIZE);
	unmap_own(w, STORM_TABLE);
	w->scratch = pages + STORM_OBJECTS * PAGE_SIZE;
	w->scratch_mfn = pages_mfn((void *)w->scratch);
}

int main(int argc, char **argv)
{
	struct vcpu_start start = {(uint64_t)other_main, (uint64_t)other_stack + sizeof other_stack - 8, 1};
	uint64_t *pages = pages_alloc(2);
	unsigned holes = 0;

	if (argc < 3)
		return 2;
	raw_mask(1);
	own_slot = start_info()->domid & 0xffff;
	peer_slot = (uint32_t)strtoul(argv[1], NULL, 10);
	peer = STORM_DOMID(peer_slot);
	board = pages_alloc(1);
	board->lanes = STORM_LANES;
	storm_offer((uint32_t)strtoul(argv[2], NULL, 10), STORM_JUDGE_REF, 0, pages_mfn(board));
	storm_offer(peer_slot, STORM_PEER_REF, GRANT_READONLY, pages_mfn(board));
	pages[0] = 0;
	pages[WORDS] = 1;
	flip.page = pages;
	flip.mfn[0] = pages_mfn(pages);
	flip.mfn[1] = pages_mfn(pages + WORDS);
	const struct storm_board *theirs = storm_meet(peer_slot, STORM_PEER_REF, GRANT_READONLY);

	for (uint32_t i = 0; i < STORM_LANES; i++)
		prepare(&workers[i], i, theirs);
	raw_expect("the other vCPU starts", hc_vcpu_start(1, &start), HC_OK);
	work(&workers[0]);
	while (!other_done)
		wait_here(&workers[0]);
	for (uint32_t i = 0; i < STORM_LANES; i++) {
		struct worker *w = &workers[i];

		holes += w->mine->holes;
		if (w->hole)
			printf("HOLE: vCPU %u: %s: %ld (%s)\n", i, w->hole, (long)w->hole_result,
			       abi_error_text(w->hole_result));
	}
	printf("storm: %u and %u rounds, %u holes\n", board->lane[0].rounds, board->lane[1].rounds, holes);
	return holes != 0;
}
