using System.Text.RegularExpressions;

namespace OpenVdi.Tidy.Tests;

/// <summary>A fenced block of a document.</summary>
/// <param name="File">The document.</param>
/// <param name="Line">The line of the opening fence.</param>
/// <param name="Language">The word behind the fence.</param>
/// <param name="Marker">The comment on the line before it, or null: the reason why a test leaves it out.</param>
/// <param name="Text">The lines between the fences.</param>
internal sealed record FencedBlock(string File, int Line, string Language, string? Marker, string Text);

/// <summary>What the checks read of a document.</summary>
internal static partial class Markdown
{
    /// <summary>The documents that teach by example: what they show is run and compiled.</summary>
    public static IEnumerable<string> Guides => Tree.Files.Where(file => file is "README.md" or "CONTRIBUTING.md"
        || (file.StartsWith("docs/guide/", StringComparison.Ordinal) && file.EndsWith(".md", StringComparison.Ordinal)));

    public static IEnumerable<FencedBlock> Blocks(string file, string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                continue;
            }

            int first = i;
            do
            {
                i++;
            }
            while (i < lines.Length && !lines[i].StartsWith("```", StringComparison.Ordinal));

            Match marker = first > 0 ? Comment().Match(lines[first - 1]) : Match.Empty;
            yield return new FencedBlock(
                file, first + 1, lines[first][3..].Trim(), marker.Success ? marker.Groups[1].Value : null,
                string.Concat(lines[(first + 1)..i].Select(line => line + "\n")));
        }
    }

    /// <summary>The lines outside of fences, with their numbers.</summary>
    public static IEnumerable<(int Line, string Text)> Prose(string text)
    {
        bool fenced = false;
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                fenced = !fenced;
            }
            else if (!fenced)
            {
                yield return (i + 1, lines[i]);
            }
        }
    }

    [GeneratedRegex("^<!-- not (?:run|compiled): (.+) -->$")]
    private static partial Regex Comment();
}
