using System.Text.RegularExpressions;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>openvdi_server.h against the library, the specification, and our own enumerations.</summary>
public sealed partial class ServerHeaderTests(ServerPrograms programs) : IClassFixture<ServerPrograms>
{
    private const long MaxLibraryBytes = 3 << 20;

    [Theory]
    [InlineData("gcc", "server_header.c")]
    [InlineData("g++", "server_header_as_cxx.cpp")]
    public void Header_InBothLanguages_HasTheNumbersOfTheSpecification(string compiler, string source)
    {
        IEnumerable<string> completions = SpecDocument.Vdi.Tables.Where(static table => table.Section == "14.4")
            .SelectMany(static table => table.Rows)
            .SelectMany(static row => new[] { $"{row[0]} {row[1]}", $"{row[2]} {row[3]}" })
            .Where(static line => line.Length > 1);
        IEnumerable<string> aborts = Enum.GetValues<AbortReason>().Select(static reason =>
            $"OPENVDI_ABORT_{Word().Replace($"{reason}", "_").ToUpperInvariant()} {(int)reason}");
        string[] expected =
        [
            "sizeof(openvdi_server_set) 8", "sizeof(openvdi_server_device) 8",
            $"VD_E_QUEUE_FULL {(int)VdResult.QueueFull}", $"VD_E_IO_ERROR {(int)VdResult.IOError}", .. completions, .. aborts,
        ];
        string[] found = NativeProgram.Run(programs.Path(compiler, source), [.. Declared()]).ExpectSuccess().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Library_OfAnyOtherFunction_SaysThatItIsMissing() => Assert.EndsWith(
        "openvdi_server_nothing is missing\n",
        NativeProgram.Run(programs.Path("gcc", "server_header.c"), "openvdi_server_nothing").ExpectSuccess().Output,
        StringComparison.Ordinal);

    [Fact]
    public void Library_ExportsWhatTheHeaderDeclares_AndNoMore()
    {
        string map = File.ReadAllText(Path.Combine(NativePrefix.Root, "src", "OpenVdi.Native", "libsqlvdi.map"));
        SortedSet<string> exported = [.. Exported().Matches(map).Select(static match => match.Groups["name"].Value)];
        Assert.Equal(exported, Declared());
    }

    [Fact]
    public void Library_WithBothHalves_StaysSmall() =>
        Assert.InRange(new FileInfo(NativePrefix.Library).Length, 1, MaxLibraryBytes - 1);

    /// <summary>The functions that openvdi_server.h declares.</summary>
    internal static SortedSet<string> Declared() =>
        [.. Declaration().Matches(File.ReadAllText(Path.Combine(NativePrefix.Root, "include", "openvdi_server.h")))
            .Select(static match => match.Groups["name"].Value)];

    [GeneratedRegex(@"^int (?<name>openvdi_server_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^\s+(?<name>openvdi_server_\w+);", RegexOptions.Multiline)]
    private static partial Regex Exported();

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])")]
    private static partial Regex Word();
}
