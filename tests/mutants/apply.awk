# Applies mutation number n of `list` to standard input's file: awk -v n=3 -f apply.awk list FILE >mutated
# With n=0: lists number, name, file and reason, parted by tabs. Ends with 3 when the old text is not there just once.
# SPDX-License-Identifier: BSD-2-Clause
function value(line)
{
	sub(/^[a-z]*: /, "", line)
	return line
}

FNR == NR {
	if (/^name: /)
		name[++count] = value($0)
	else if (/^file: /)
		file[count] = value($0)
	else if (/^why: /)
		why[count] = value($0)
	else if (/^near: /)
		near[count] = value($0)
	else if (/^old: /)
		old[count] = value($0)
	else if (/^new: /)
		fresh[count] = value($0)
	next
}

{
	if (!seen && index($0, near[n]))
		seen = 1
	at = seen && !done ? index($0, old[n]) : 0
	if (at) {
		$0 = substr($0, 1, at - 1) fresh[n] substr($0, at + length(old[n]))
		done = 1
	}
	if (seen && done < 2 && /^}/)
		done = done ? 2 : 3
	print
}

END {
	if (!n)
		for (i = 1; i <= count; i++)
			print i "\t" name[i] "\t" file[i] "\t" why[i]
	else if (done != 1 && done != 2)
		exit 3
}
