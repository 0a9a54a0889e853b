using System.Xml.Linq;

namespace OpenVdi.Tidy.Tests;

/// <summary>Project references point up only.</summary>
public sealed class ProjectOrderTests
{
    // ARCHITECTURE.md draws it: each may use those before it. The benchmark stands in bench/; `vdi bench` runs it.
    private static readonly string[] s_order =
    [
        "OpenVdi", "OpenVdi.Native", "OpenVdi.Tape", "OpenVdi.Engines", "OpenVdi.Instance", "OpenVdi.Backup", "OpenVdi.Bench",
        "OpenVdi.Cli",
    ];

    // The codec of a stream knows neither the interface that carries it nor a package.
    private static readonly string[] s_alone = ["OpenVdi.Tape"];

    [Fact]
    public void References_OfSrcProjects_PointUp() => Findings.AssertNone(
        Tree.FilesOf(".csproj", "src").SelectMany(file => Check(file, Tree.Read(file))), "src project references");

    [Fact]
    public void Library_HasNoPackageReference() =>
        Assert.DoesNotContain("PackageReference", Tree.Read("src/OpenVdi/OpenVdi.csproj"), StringComparison.Ordinal);

    [Fact]
    public void Solution_HasEveryProject()
    {
        HashSet<string?> listed = [.. XDocument.Parse(Tree.Read("OpenVdi.slnx")).Descendants("Project")
            .Select(project => (string?)project.Attribute("Path"))];
        Findings.AssertNone(
            Tree.FilesOf(".csproj").Where(file => !listed.Contains(file)), "projects that OpenVdi.slnx does not list");
    }

    [Theory]
    [InlineData("OpenVdi.Engines", "OpenVdi.Backup")]
    [InlineData("OpenVdi", "OpenVdi.Cli")]
    [InlineData("OpenVdi.Unheard", "OpenVdi")]
    public void Check_OfADownwardReference_ReportsIt(string from, string to)
    {
        string text = $"<Project><ItemGroup><ProjectReference Include=\"../{to}/{to}.csproj\" /></ItemGroup></Project>";
        Assert.NotEmpty(Check($"src/{from}/{from}.csproj", text));
        Assert.Empty(Check("src/OpenVdi.Cli/OpenVdi.Cli.csproj", text.Replace("Cli", "Tape", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("<ProjectReference Include=\"../OpenVdi/OpenVdi.csproj\" />")]
    [InlineData("<PackageReference Include=\"xunit\" />")]
    [InlineData("<FrameworkReference Include=\"Microsoft.AspNetCore.App\" />")]
    public void Check_OfAReferenceOfARoomThatHasNone_ReportsIt(string reference)
    {
        string text = $"<Project><ItemGroup>{reference}</ItemGroup></Project>";
        Assert.Single(Check("src/OpenVdi.Tape/OpenVdi.Tape.csproj", text));
        Assert.Empty(Check("src/OpenVdi.Engines/OpenVdi.Engines.csproj", text));
    }

    private static IEnumerable<string> Check(string file, string text)
    {
        int at = Array.IndexOf(s_order, Path.GetFileNameWithoutExtension(file));
        if (at < 0)
        {
            yield return $"{file}: not one of the rooms {string.Join(", ", s_order)}";
        }

        if (s_alone.Contains(Path.GetFileNameWithoutExtension(file))
            && XDocument.Parse(text).Descendants().Any(element => element.Name.LocalName.EndsWith("Reference", StringComparison.Ordinal)))
        {
            yield return $"{file}: refers to something; this room depends on nothing but the base library";
        }

        foreach (XElement reference in XDocument.Parse(text).Descendants("ProjectReference"))
        {
            string name = Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/'));
            int target = Array.IndexOf(s_order, name);
            if (target < 0 || target >= at)
            {
                yield return $"{file}: refers to {name}, which is not above it";
            }
        }
    }
}
